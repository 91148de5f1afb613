"""`labkit lab [DIR]`: open JupyterLab on a working copy of the course."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from labkit.bench import working_copy
from labkit.bench.launch.python import python
from labkit.commands.failing import CannotRun
from labkit.course.copying import FIRST, prepare
from labkit.course.paths import DEFAULT, is_checkout, original
from labkit.course.progress import NoHome, Progress, Record
from labkit.course.start_page import PAGE, start_page
from labkit.platform import shell
from labkit.platform.children import become
from labkit.platform.os_errors import describe
from labkit.platform.packages import missing
from labkit.platform.private_files import is_root
from labkit.platform.replacing import write

PROJECTOR = Path(__file__).parent / "projector"
EXAMPLES = """\b
Examples:
  labkit lab                                # the copy you are in, otherwise my-course
  labkit lab ana-course --seed ana          # a copy with its own numbers
  labkit lab ana-course --only-copy         # create or update the copy without opening it
  labkit lab --present                      # for a projector
  labkit lab -- --no-browser --port 9000    # options after -- go to JupyterLab
"""


@click.command(epilog=EXAMPLES)
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.argument("jupyter_options", nargs=-1)
@click.option(
    "--seed", help="A number or a name that seeds a new copy, so that its exercises differ from your neighbour's."
)
@click.option("--present", is_flag=True, help="For a projector: large type, one notebook at a time.")
@click.option("--only-copy", is_flag=True, help="Create or update the copy without opening it.")
def lab(
    directory: Path | None, jupyter_options: tuple[str, ...], seed: str | None, present: bool, only_copy: bool
) -> None:
    """Open JupyterLab on a working copy of the course in DIRECTORY, and create the copy first if there is none.

    It opens at START.md, which shows three ways through the course, how far you are, and what comes next. Notebooks
    in the copy start without outputs. Your progress and your class are stored in its .labkit/ folder; set
    LABKIT_HOME to use another folder. An update never overwrites a notebook that you have edited: it saves the new
    version beside yours.
    Options after `--` go to JupyterLab.
    """
    if directory is not None and str(directory).startswith("-"):  # `labkit lab -- --port 9000`
        directory, jupyter_options = None, (str(directory), *jupyter_options)
    if not only_copy and find_spec("jupyterlab") is None:
        raise CannotRun(missing("jupyterlab", "run `make lab` in a clone"))
    try:
        copy = (directory or _default()).resolve()
    except FileNotFoundError:
        raise CannotRun("the current folder no longer exists; `cd` to another one and try again") from None
    _prepare(copy, seed)
    if not only_copy:
        _open(copy, present, jupyter_options)


def _default() -> Path:
    """Return the working copy that we are in; otherwise `my-course` in the checkout or, without a checkout, here."""
    return working_copy.current() or (original() if is_checkout() else Path.cwd()) / DEFAULT


def _prepare(copy: Path, seed: str | None) -> None:
    course = original()
    if not (course / FIRST).is_file():
        raise CannotRun("the course's notebooks are missing; run this in a clone of labkit, or install its wheel")
    try:
        for line in prepare(course, copy, seed):
            click.echo(line, err=True)
        write(copy / PAGE, start_page(copy, _records(copy)))
    except OSError as error:
        raise CannotRun(f"cannot write the working copy: {describe(error)}; or name another directory") from None
    except ValueError as error:
        raise CannotRun(str(error)) from None


def _records(copy: Path) -> list[Record]:
    try:
        return Progress(copy=copy).records()
    except NoHome as error:
        click.echo(f"cannot read your progress: {error}", err=True)
        return []


def _open(copy: Path, present: bool, jupyter_options: tuple[str, ...]) -> None:
    os.environ["JUPYTER_CONFIG_PATH"] = _config_path(present)
    os.environ["JUPYTER_PATH"] = _before(str(Path(__file__).parent / "jupyter"), "JUPYTER_PATH")  # our kernel
    os.environ["PATH"] = _before(str(Path(sys.executable).parent), "PATH")
    if present:
        os.environ["JUPYTERLAB_SETTINGS_DIR"] = str(_large_letters(copy))
    command = python("labkit.commands.quick_jupyter", *_options(copy, present), *jupyter_options)
    become(command)  # a signal to this process then stops JupyterLab and its kernels


def _before(folder: str, variable: str) -> str:
    """Return the value of a PATH-like variable with `folder` prepended."""
    return os.pathsep.join(filter(None, [folder, os.environ.get(variable)]))


def _options(home: Path, present: bool) -> list[str]:
    view = "doc" if present else "lab"
    options = ["--ServerApp.root_dir", str(home), f"--LabApp.default_url=/{view}/tree/{PAGE}"]
    if shell.IS_POSIX:  # a login shell would reset PATH and lose `labkit`
        options.append(f"--ServerApp.terminado_settings={{'shell_command': [{os.environ.get('SHELL', '/bin/sh')!r}]}}")
    if is_root():
        options.append("--allow-root")  # containers run as root, which Jupyter refuses by default
    return options


def _config_path(present: bool) -> str:
    """Return Jupyter's settings path with our folders first: no news pop-up and, if `present`, projector settings."""
    folders = [*([PROJECTOR] if present else []), Path(__file__).parent / "jupyter"]
    return os.pathsep.join(filter(None, [*map(str, folders), os.environ.get("JUPYTER_CONFIG_PATH")]))


def _large_letters(copy: Path) -> Path:
    """Write user settings with large fonts, because JupyterLab reads font sizes only from there."""
    settings = copy / working_copy.OWN / "projector"
    themes = settings / "@jupyterlab" / "apputils-extension"
    themes.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROJECTOR / "themes.jupyterlab-settings", themes)
    return settings

"""`labkit lab [DIR]`: JupyterLab on a working copy of the course."""

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
from labkit.course.places import DEFAULT, is_checkout, original

PROJECTOR = Path(__file__).parent / "projector"
EXAMPLES = """\b
Examples:
  labkit lab                                # the copy around this folder, else my-course
  labkit lab ana-course --seed ana          # a copy with numbers of its own
  labkit lab ana-course --only-copy         # make it, or bring it up to date, and open nothing
  labkit lab --present                      # for a projector
  labkit lab -- --no-browser --port 9000    # what follows -- goes to JupyterLab
"""


@click.command(epilog=EXAMPLES)
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.argument("jupyter_options", nargs=-1)
@click.option(
    "--seed", help="For a new copy, a number or a name: other numbers than your neighbour's, the same lessons."
)
@click.option("--present", is_flag=True, help="For a projector: large letters, and one notebook.")
@click.option("--only-copy", is_flag=True, help="Make the copy or bring it up to date, and open nothing.")
def lab(
    directory: Path | None, jupyter_options: tuple[str, ...], seed: str | None, present: bool, only_copy: bool
) -> None:
    """Open JupyterLab on a working copy of the course in DIRECTORY, which is made when it is not there.

    A copy has no outputs. Your progress and your class are kept in it, in .labkit/; LABKIT_HOME names another folder
    for them. When the course has a new version of a notebook that you have edited, yours stays and the new one is put
    beside it. What follows `--` goes to JupyterLab.
    """
    if directory is not None and str(directory).startswith("-"):  # `labkit lab -- --port 9000`
        directory, jupyter_options = None, (str(directory), *jupyter_options)
    if not only_copy and find_spec("jupyterlab") is None:
        raise CannotRun("JupyterLab is not installed; run `make setup`, or `pip install 'labkit[lab]'`")
    try:
        copy = (directory or _default()).resolve()
    except FileNotFoundError:
        raise CannotRun("the folder that this shell is in was removed; `cd` to another one, and try again") from None
    _prepare(copy, seed)
    if not only_copy:
        _open(copy, present, jupyter_options)


def _default() -> Path:
    """The copy that one stands in, else `my-course`: in the checkout where this is one, else here."""
    return working_copy.current() or (original() if is_checkout() else Path.cwd()) / DEFAULT


def _prepare(copy: Path, seed: str | None) -> None:
    course = original()
    if not (course / FIRST).is_file():
        raise CannotRun("the course is not here; run this in a clone of labkit, or install its wheel")
    try:
        for line in prepare(course, copy, seed):
            click.echo(line, err=True)
    except OSError as error:
        raise CannotRun(f"cannot write the working copy: {error}; free the place, or name another directory") from None
    except ValueError as error:
        raise CannotRun(str(error)) from None


def _open(copy: Path, present: bool, jupyter_options: tuple[str, ...]) -> None:
    os.environ["JUPYTER_CONFIG_PATH"] = _config_path(present)
    os.environ["JUPYTER_PATH"] = _before(str(Path(__file__).parent / "jupyter"), "JUPYTER_PATH")  # our kernel
    os.environ["PATH"] = _before(str(Path(sys.executable).parent), "PATH")
    if present:
        os.environ["JUPYTERLAB_SETTINGS_DIR"] = str(_large_letters(copy))
    command = python("labkit.commands.quick_jupyter", *_options(copy, present), *jupyter_options)
    os.execv(sys.executable, command)  # it takes our place, so that a signal for us stops it and its kernels


def _before(folder: str, variable: str) -> str:
    """The folders of a variable, with this one in front."""
    return os.pathsep.join(filter(None, [folder, os.environ.get(variable)]))


def _options(home: Path, present: bool) -> list[str]:
    view = "doc" if present else "lab"
    options = ["--ServerApp.root_dir", str(home), f"--LabApp.default_url=/{view}/tree/{FIRST}"]
    if os.name != "nt":  # a login shell would begin with a PATH of its own, without `labkit` in it
        options.append(f"--ServerApp.terminado_settings={{'shell_command': [{os.environ.get('SHELL', '/bin/sh')!r}]}}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")  # containers run as root, and Jupyter refuses without a word of ours
    return options


def _config_path(present: bool) -> str:
    """Our folders of JupyterLab's settings, before the user's own: no news pop-up over a lesson; a projector's."""
    folders = [*([PROJECTOR] if present else []), Path(__file__).parent / "jupyter"]
    return os.pathsep.join(filter(None, [*map(str, folders), os.environ.get("JUPYTER_CONFIG_PATH")]))


def _large_letters(copy: Path) -> Path:
    """A user's settings for the projector, made anew: JupyterLab takes the sizes of letters from nowhere else."""
    settings = copy / working_copy.OWN / "projector"
    themes = settings / "@jupyterlab" / "apputils-extension"
    themes.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROJECTOR / "themes.jupyterlab-settings", themes)
    return settings

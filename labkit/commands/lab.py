"""`labkit lab [DIR]`: JupyterLab on the course."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from labkit.bench.launch.python import python
from labkit.bench.seed import FILE
from labkit.commands.failing import CannotRun
from labkit.course import progress

COURSE = ("notebooks", "exercises")
PACKAGE = Path(__file__).parents[1]
PROJECTOR = Path(__file__).parent / "projector"
FIRST = "notebooks/00_start_here.ipynb"
EXAMPLES = (
    "labkit lab    labkit lab my-course --seed ana    labkit lab --present    labkit lab -- --no-browser --port 9000"
)


@click.command(epilog=f"Examples:  {EXAMPLES}")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.argument("jupyter_options", nargs=-1)
@click.option(
    "--seed", help="A number or a name: other numbers than your neighbour's, the same lessons. Needs DIRECTORY."
)
@click.option("--present", is_flag=True, help="For a projector: large letters, and one notebook.")
def lab(directory: Path | None, jupyter_options: tuple[str, ...], seed: str | None, present: bool) -> None:
    """Open JupyterLab on the course; with DIRECTORY, on a fresh working copy of it there.

    A directory that holds a working copy already is opened as it is. What follows `--` goes to JupyterLab.
    """
    if directory is not None and str(directory).startswith("-"):  # `labkit lab -- --port 9000`
        directory, jupyter_options = None, (str(directory), *jupyter_options)
    if seed is not None and directory is None:
        raise CannotRun("a seed belongs to a working copy; name a directory: labkit lab my-course --seed NAME")
    if find_spec("jupyterlab") is None:
        raise CannotRun("JupyterLab is not installed; run `make setup`, or `pip install 'labkit[lab]'`")
    home = _course()
    if directory is not None:
        home = _copy(home, directory)
        if seed is not None:
            (home / FILE).write_text(seed + "\n", encoding="utf-8")
    os.environ["JUPYTER_CONFIG_PATH"] = _config_path(present)
    os.environ["JUPYTER_PATH"] = _before(str(Path(__file__).parent / "jupyter"), "JUPYTER_PATH")  # our kernel
    os.environ["PATH"] = _before(str(Path(sys.executable).parent), "PATH")
    if present:
        os.environ["JUPYTERLAB_SETTINGS_DIR"] = str(_large_letters())
    command = python("labkit.commands.quick_jupyter", *_options(home, present), *jupyter_options)
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


def _large_letters() -> Path:
    """A user's settings for the projector, made anew: JupyterLab takes the sizes of letters from nowhere else."""
    settings = progress.home() / "projector"
    themes = settings / "@jupyterlab" / "apputils-extension"
    themes.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROJECTOR / "themes.jupyterlab-settings", themes)
    return settings


def _course() -> Path:
    """The folder that holds the course: where one stands, this checkout, or the installed package."""
    for folder in (Path.cwd(), PACKAGE.parent, PACKAGE / "_course"):
        if (folder / FIRST).is_file():
            return folder
    raise CannotRun("the course is not here; run this in a clone of labkit, or install its wheel")


def _copy(home: Path, directory: Path) -> Path:
    """A working copy. One from before stays: nobody's work is overwritten."""
    if any((directory / name).exists() for name in COURSE):
        return directory.resolve()
    if directory.exists() and any(directory.iterdir()):
        raise CannotRun(f"{directory} holds other things already; name a new directory, or an empty one")
    for name in COURSE:
        shutil.copytree(home / name, directory / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    return directory.resolve()

"""`labkit lab [DIR]`: JupyterLab on the course."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from labkit.commands.failing import CannotRun

COURSE = ("notebooks", "exercises")


@click.command(epilog="Examples:  labkit lab    labkit lab my-course    labkit lab -- --no-browser --port 9000")
@click.argument("directory", type=click.Path(path_type=Path), required=False)
@click.argument("jupyter_options", nargs=-1)
def lab(directory: Path | None, jupyter_options: tuple[str, ...]) -> None:
    """Open JupyterLab on the course; with DIRECTORY, on a fresh working copy of it there.

    What follows `--` goes to JupyterLab as it is.
    """
    if find_spec("jupyterlab") is None:
        raise CannotRun("JupyterLab is not installed; run `make setup`, or `pip install 'labkit[lab]'`")
    home = _course()
    if directory is not None:
        home = _copy(home, directory)
    options = ["--ServerApp.root_dir", str(home), "--LabApp.default_url=/lab/tree/notebooks/01_hello_room.ipynb"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")  # containers run as root, and Jupyter refuses without a word of ours
    command = [sys.executable, "-m", "labkit.commands.quick_jupyter", *options, *jupyter_options]
    os.environ["JUPYTER_CONFIG_PATH"] = _config_path()
    os.execv(sys.executable, command)  # it takes our place, so that a signal for us stops it and its kernels


def _config_path() -> str:
    """Our folder of JupyterLab's settings (no news pop-up over a lesson), before the user's own."""
    ours = str(Path(__file__).parent / "jupyter")
    return os.pathsep.join(filter(None, [ours, os.environ.get("JUPYTER_CONFIG_PATH")]))


def _course() -> Path:
    """The folder that holds the course: this checkout, or the folder one stands in."""
    for folder in (Path.cwd(), Path(__file__).parents[2]):
        if (folder / COURSE[0]).is_dir():
            return folder
    raise CannotRun("the course is not here; run this in a clone of labkit")


def _copy(home: Path, directory: Path) -> Path:
    if directory.exists() and any(directory.iterdir()):
        return directory.resolve()  # a working copy from before: nobody's work is overwritten
    for name in COURSE:
        shutil.copytree(home / name, directory / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    return directory.resolve()

"""A machine that is not in order: its clock, its locks, its number of files, its network."""

import resource
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.need import missing, not_allowed

SOURCE = Path(__file__).with_suffix(".c")
NO_LOCKS = 37  # ENOLCK


@cache
def _folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="wrong-machine-")  # gone when the tests end


@cache
def _library() -> Path:
    if shutil.which("gcc") is None:
        missing("gcc")
    built = Path(_folder().name) / "wrong_machine.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", built, SOURCE, "-ldl"], check=True)
    return built


class Clock:
    """A wall clock that can be moved while a program runs. `env`: the variables of that program."""

    def __init__(self, folder: Path, seconds: int = 0) -> None:
        self._path = folder / "clock"
        self.env = {"LD_PRELOAD": _library(), "CLOCK_OFFSET": self._path}
        self.put(seconds)

    def put(self, seconds: int) -> None:
        """Put it so many seconds ahead of the true time."""
        self._path.write_text(str(seconds))


def without_locks() -> dict[str, object]:
    """Return the variables of a program whose file system has no flock."""
    return {"LD_PRELOAD": _library(), "FLOCK_ERRNO": NO_LOCKS}


def files(number: int) -> Callable[[], None]:
    """Return what a child does before it begins: it may have so many open files."""
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (number, number))


def unshare(*options: str) -> tuple[str, ...]:
    """Return the words that give a command namespaces of its own."""
    if subprocess.run(["unshare", *options, "true"], capture_output=True).returncode:
        not_allowed("make a namespace")
    return ("unshare", *options)

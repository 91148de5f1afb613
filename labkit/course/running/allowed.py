"""What an answer may reach of labkit and of the learner's files: the modules that the exercise gives, and no judge.

`labkit` itself can be imported, as a notebook does, and a name such as `labkit.check` exists, but raises when it is
used. Python cannot keep a determined person out; what that person can still do is in `labkit.course.models`.
"""

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

PACKAGE = Path(__file__).resolve().parents[2]
FIRST = "labkit"
OPENING = ("open", "os.listdir", "os.scandir")


class NotAllowed(ImportError):
    """An answer used a part of labkit that its exercise does not give."""


def only(given: Sequence[str]) -> None:
    """From now on, allow no labkit but its front door and these modules, and none of the course's files."""
    for name in [name for name in sys.modules if name.startswith(f"{FIRST}.") and not _is_given(name, given)]:
        parent, _, own = name.rpartition(".")
        del sys.modules[name]
        if parent == FIRST:
            vars(sys.modules[FIRST]).pop(own, None)
    sys.modules["__main__"] = ModuleType("__main__")
    sys.meta_path.insert(0, _Gate(given))
    for name in [name for name in os.environ if name.startswith("LABKIT_")]:
        del os.environ[name]
    sys.addaudithook(_keep_out)


def _is_given(name: str, given: Sequence[str]) -> bool:
    """Whether a module is one of those, or contains one."""
    return any(f"{one}.".startswith(f"{name}.") for one in given)


class _Absent(ModuleType):
    """A part of labkit whose names exist and raise when they are called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def absent(*_: object, **__: object) -> NoReturn:
            raise NotAllowed(f"{self.__name__}.{name} is not part of this exercise; write your own")

        return absent


class _Gate:
    """The finder that comes first, and finds only what is allowed of labkit."""

    def __init__(self, given: Sequence[str]) -> None:
        self._given = given

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if not name.startswith(f"{FIRST}.") or _is_given(name, self._given):
            return None
        return spec_from_loader(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Absent(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


def _keep_out(event: str, arguments: tuple[Any, ...]) -> None:
    if event in OPENING and arguments and isinstance(arguments[0], str | bytes) and _is_ours(os.fsdecode(arguments[0])):
        raise PermissionError(
            f"an answer may not read {os.path.basename(os.fsdecode(arguments[0]))}, a file of the course"
        )


def _is_ours(path: str) -> bool:
    parts = os.path.realpath(path).split(os.sep)
    if "solutions" in parts[:-1] and parts[-1].endswith(".ipynb"):
        return True
    if parts[-1] == "progress.jsonl":
        return True
    ours = PACKAGE.parts[1:]
    course = [*ours, "course"]
    return parts[1:][: len(course)] == course and parts[-1] not in ("given.py", "__init__.py", "__pycache__", "course")

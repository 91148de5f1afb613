"""What a learner did, one record a line in a file that is only ever appended to.

    progress = Progress()
    progress.add("02-auth", "fail", check="wrong-token")
    progress.records(after=3)

It is on this machine and needs no network; whoever shows it to a class sends what `records` gives. A record has the
fields of the wire's `exercise` event: {"n": 1.., "exercise", "status", "check": an id or None, "at": ISO time, UTC}.
A notebook and a shell may add at once: `n` has no holes and no doubles. A line that a crash tore is passed over, and
so are fields and statuses of a newer labkit, which stay in the file. Taught in notebook 08 (audit).
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypedDict, get_args

from labkit.bench.working_copy import OWN
from labkit.course.places import copy_in_use
from labkit.platform.locks import locked

Status = Literal["started", "fail", "pass", "inconclusive", "help"]
STATUSES: tuple[str, ...] = get_args(Status)


class Record(TypedDict):
    """One thing that happened to one exercise. `check`: the first that failed."""

    n: int
    exercise: str
    status: Status
    check: str | None
    at: str


class NoHome(OSError):
    """A learner's files cannot be read or written; the text says why, and what to do."""


WAY_OUT = "set LABKIT_HOME to a folder that you can write to"


def home() -> Path:
    """Return the folder of a learner's files: LABKIT_HOME, else the working copy's own, outside any copy ~/.labkit.

    Raises NoHome.
    """
    if chosen := os.environ.get("LABKIT_HOME"):
        return Path(chosen)
    try:
        return (copy_in_use() or Path.home()) / OWN
    except RuntimeError:
        raise NoHome(f"HOME is not set, and this user has no home folder; {WAY_OUT}") from None


@contextlib.contextmanager
def using_home(path: Path) -> Iterator[None]:
    """Raise as NoHome what the disk refuses in here."""
    try:
        yield
    except NoHome:
        raise
    except OSError as error:
        raise NoHome(f"cannot use {path} ({error.strerror or error}); {WAY_OUT}") from None


class Progress:
    """The records in one file. `listener`, when set, is called with each record that is added here."""

    def __init__(self, path: Path | None = None) -> None:
        """`path` is `progress.jsonl` in the learner's home by default. Raises NoHome where there is none."""
        self.path = path or home() / "progress.jsonl"
        self.listener: Callable[[Record], object] | None = None

    def add(self, exercise: str, status: Status, check: str | None = None) -> Record:
        """Append one record; on the disk when this returns. Raises NoHome, and ValueError for an unknown status."""
        if status not in STATUSES:
            raise ValueError(f"there is no status {status!r}; there are {', '.join(STATUSES)}")
        with using_home(self.path):
            record = self._append(exercise, status, check)
        if self.listener is not None:
            self.listener(record)
        return record

    def _append(self, exercise: str, status: Status, check: str | None) -> Record:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(self.path, "a+b", opener=_of_its_owner) as file, locked(file.fileno()):
            file.seek(0)
            lines = file.read()
            record = Record(
                n=max((told["n"] for told in _lines(lines)), default=0) + 1,
                exercise=exercise,
                status=status,
                check=check,
                at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            )
            torn = b"\n" if lines and not lines.endswith(b"\n") else b""
            file.write(torn + json.dumps(record).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return record

    def records(self, after: int = 0) -> list[Record]:
        """Every record with a greater `n`, in order; none when there is no file yet. Raises NoHome."""
        lines = b""
        with using_home(self.path), contextlib.suppress(FileNotFoundError):
            lines = self.path.read_bytes()
        return [record for record in _read(lines) if record["n"] > after]


def _of_its_owner(path: str, flags: int) -> int:
    """Every failure of a learner is in there, with its time: nobody else's to read."""
    return os.open(path, flags, 0o600)


def _lines(text: bytes) -> Iterator[dict[str, Any]]:
    """What each whole line says, whichever labkit wrote it."""
    for line in text.splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            told = json.loads(line)
            if isinstance(told, dict) and type(told.get("n")) is int:
                yield told


def _read(text: bytes) -> Iterator[Record]:
    for told in _lines(text):
        if told.get("status") in STATUSES and "exercise" in told and "at" in told:
            yield Record(
                n=told["n"],
                exercise=str(told["exercise"]),
                status=told["status"],
                check=told.get("check"),
                at=str(told["at"]),
            )

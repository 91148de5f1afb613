"""A learner's progress: one record per line, in an append-only file.

    progress = Progress()
    progress.add("02-auth", "fail", check="wrong-token")
    progress.records(after=3)

The file is local and needs no network. If the learner joins a class, the class is sent what `records` returns. A record
has the fields of the `exercise` event of docs/protocol.md: {"n": 1.., "exercise", "status", "check": an id or None,
"at": ISO time, UTC}. A notebook and a shell may add records at the same time, and `n` still has no gaps or duplicates.
Reading skips a line that a crash cut off, and fields and statuses of a newer labkit, which stay in the file.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypedDict, get_args

from labkit.bench.working_copy import OWN
from labkit.course.paths import copy_in_use
from labkit.platform import plain_file
from labkit.platform.locks import locked

Status = Literal["started", "fail", "pass", "inconclusive", "help"]
STATUSES: tuple[str, ...] = get_args(Status)


class Record(TypedDict):
    """One attempt at an exercise, or another event. `check`: the first check that failed."""

    n: int
    exercise: str
    status: Status
    check: str | None
    at: str


class NoHome(OSError):
    """The learner's files cannot be read or written; the message says why, and what to do."""


WAY_OUT = "set LABKIT_HOME to a folder that you can write to"


def home(copy: Path | None = None) -> Path:
    """Return the folder of the learner's files: LABKIT_HOME, or the working copy's own, or ~/.labkit outside a copy.

    `copy`: a working copy, by default the one in use. Raises NoHome.
    """
    if chosen := os.environ.get("LABKIT_HOME"):
        return Path(chosen)
    try:
        return (copy or copy_in_use() or Path.home()) / OWN
    except RuntimeError:
        raise NoHome(f"this user has no home folder, and none is set; {WAY_OUT}") from None


@contextlib.contextmanager
def using_home(path: Path) -> Iterator[None]:
    """Convert an OSError inside the block to a NoHome."""
    try:
        yield
    except NoHome:
        raise
    except OSError as error:
        raise NoHome(f"cannot use {path} ({error.strerror or error}); {WAY_OUT}") from None


class Progress:
    """The records in one file."""

    def __init__(self, path: Path | None = None, *, copy: Path | None = None) -> None:
        """Use `path`, by default `progress.jsonl` in the learner's home, or in that of `copy`. Raises NoHome."""
        self.path = path or home(copy) / "progress.jsonl"

    def add(self, exercise: str, status: Status, check: str | None = None) -> Record:
        """Append one record, and sync it to disk. Raises NoHome, or ValueError if the status is unknown."""
        if status not in STATUSES:
            raise ValueError(f"there is no status {status!r}; use one of {', '.join(STATUSES)}")
        with using_home(self.path):
            return self._append(exercise, status, check)

    def _append(self, exercise: str, status: Status, check: str | None) -> Record:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        plain_file.check(self.path)
        with open(self.path, "a+b", opener=_of_its_owner) as file, locked(file.fileno()):
            file.seek(0)
            lines = file.read()
            record = Record(
                n=max((line["n"] for line in _lines(lines)), default=0) + 1,
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
        """Return the records whose `n` is greater, in order; none if there is no file yet. Raises NoHome."""
        lines = b""
        with using_home(self.path), contextlib.suppress(FileNotFoundError):
            lines = plain_file.read_bytes(self.path)
        return [record for record in _read(lines) if record["n"] > after]


def _of_its_owner(path: str, flags: int) -> int:
    """Open the file readable only by its owner, because it lists each of the learner's failures with its time."""
    return os.open(path, flags, 0o600)


def _lines(text: bytes) -> Iterator[dict[str, Any]]:
    """Yield the fields of each complete line, whichever version of labkit wrote it."""
    for line in text.splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            fields = json.loads(line)
            if isinstance(fields, dict) and type(fields.get("n")) is int:
                yield fields


def _read(text: bytes) -> Iterator[Record]:
    for fields in _lines(text):
        if fields.get("status") in STATUSES and "exercise" in fields and "at" in fields:
            yield Record(
                n=fields["n"],
                exercise=str(fields["exercise"]),
                status=fields["status"],
                check=fields.get("check"),
                at=str(fields["at"]),
            )

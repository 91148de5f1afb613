"""The notes and hints of the instructor, each for one student, in a table of the class file.

    notes = Notes(path)
    notes.add("otter", "06-outbox", "note", "Count bytes, not frames.")
    notes.of("otter")                 # what this student's machine fetches
    notes.untold(); notes.told([3])   # the server has sent a notification

They are not in the log, so that removing a student removes them.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from labkit.classroom.board import well_formed
from labkit.classroom.help.news import Kind
from labkit.classroom.posting import BadPost
from labkit.wire.audit.reading import reading
from labkit.wire.audit.schema import explaining

BUSY_S = 2.0
LONGEST = 1000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name NOT NULL, exercise NOT NULL, kind NOT NULL, about NOT NULL,
    text NOT NULL, at NOT NULL, is_told NOT NULL DEFAULT 0
)
"""
_ADD = "INSERT INTO notes (name, exercise, kind, about, text, at) VALUES (?, ?, ?, ?, ?, ?)"
_ALL = "SELECT id, name, exercise, kind, about, text, at FROM notes"


class Note(NamedTuple):
    """One note or hint. `about`: the check that a hint is for, else ""; `at`: ISO time."""

    id: int
    name: str
    exercise: str
    kind: Kind
    about: str
    text: str
    at: str


class Notes:
    """The notes in one class file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, name: str, exercise: str, kind: Kind, text: str, about: str = "") -> None:
        """Add a note to a student. Raises BadPost for a text that is empty or too long, AuditError."""
        text = well_formed(text).strip()
        if not 1 <= len(text) <= LONGEST:
            raise BadPost(f"the note has {len(text)} characters; give it 1 to {LONGEST}")
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with self._writing() as file:
            file.execute(_ADD, (name, exercise, kind, about, text, at))

    def of(self, name: str) -> list[Note]:
        """Return the notes to a student, oldest first. Raises AuditError."""
        return self._some(" WHERE name = ? ORDER BY id", (name,))

    def all(self) -> list[Note]:
        """Return every note, oldest first. Raises AuditError."""
        return self._some(" ORDER BY id", ())

    def untold(self) -> list[Note]:
        """Return the notes that the student's machine has not been notified of. Raises AuditError."""
        return self._some(" WHERE NOT is_told ORDER BY id", ())

    def told(self, ids: Iterable[int]) -> None:
        """Record that the students' machines have been notified. Raises AuditError."""
        with self._writing() as file:
            file.executemany("UPDATE notes SET is_told = 1 WHERE id = ?", [(one,) for one in ids])

    def _some(self, which: str, values: tuple[str, ...]) -> list[Note]:
        with reading(self._path) as file:
            if not file.execute("SELECT 1 FROM sqlite_master WHERE name = 'notes'").fetchone():
                return []
            return [Note(*row) for row in file.execute(_ALL + which, values)]

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one change, because `labkit class help` may write at the same time."""
        connected = sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None)
        with explaining(self._path), closing(connected) as file:
            file.execute(_SCHEMA)
            file.execute("BEGIN IMMEDIATE")
            with file:
                yield file

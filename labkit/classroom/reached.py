"""How far each student is with each prediction of a lesson, in a table of the class file.

    reached = Reached(path)
    reached.note("ana", "p3f...", Mark.VOTED)
    reached.since(0)                            # (1, [("ana", "p3f...", 2)])

It holds what the votes say of themselves: a question was shown, a vote was cast, a measurement was made. It has no
option, and nothing that a student's machine does not send for the vote anyway.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import IntEnum
from pathlib import Path

from labkit.wire.audit.schema import explaining

BUSY_S = 2.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS reached (
    question NOT NULL, name NOT NULL, mark NOT NULL, n NOT NULL, PRIMARY KEY (question, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS reached_n ON reached (n);
"""
_NOTE = """
INSERT INTO reached VALUES (:question, :name, :mark, (SELECT ifnull(max(n), 0) + 1 FROM reached))
ON CONFLICT DO UPDATE SET mark = :mark, n = (SELECT max(n) + 1 FROM reached) WHERE mark < :mark
"""


class Mark(IntEnum):
    """How far a student is with a prediction."""

    ASKED = 1
    VOTED = 2
    MEASURED = 3


class Reached:
    """The marks in one class file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_made = False

    def note(self, name: str, question: str, mark: Mark) -> None:
        """Store how far a student is; a lower mark than the stored one changes nothing. Raises AuditError."""
        with self._open() as file:
            file.execute(_NOTE, {"question": question, "name": name, "mark": int(mark)})

    def since(self, n: int) -> tuple[int, list[tuple[str, str, int]]]:
        """Return the number of the newest mark, and (name, question, mark) of those after `n`. Raises AuditError."""
        with self._open() as file:
            found = file.execute("SELECT name, question, mark, n FROM reached WHERE n > ? ORDER BY n", (n,)).fetchall()
        return (found[-1][3] if found else n), [row[:3] for row in found]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connected = sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None)
        with explaining(self._path), closing(connected) as file:
            if not self._is_made:
                file.executescript(_SCHEMA)
                self._is_made = True
            file.execute("PRAGMA synchronous = NORMAL")  # as the votes: survives a kill, and waits for no disk
            yield file

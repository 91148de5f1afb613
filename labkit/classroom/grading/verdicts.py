"""The verdicts on claims, in a table of the class file.

verdicts = Verdicts(path)
verdicts.add(claim, "verified", "", seed=71)
verdicts.of_students()[("ana", "02-auth")]      # Verdict("verified", "")
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from labkit.classroom.grading.claims import Claim
from labkit.wire.audit.reading import reading
from labkit.wire.audit.schema import explaining

Standing = Literal["verified", "not verified"]
BUSY_S = 2.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS verdicts (
    student NOT NULL, request NOT NULL, exercise NOT NULL, standing NOT NULL, why NOT NULL, seed, at NOT NULL,
    PRIMARY KEY (student, request)
) WITHOUT ROWID
"""
_ADD = "INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?)"
_ALL = "SELECT student, request, exercise, standing, why FROM verdicts ORDER BY at"


class Verdict(NamedTuple):
    """Whether a pass was verified, and if not, why."""

    standing: Standing
    why: str


class Verdicts:
    """The verdicts in one class file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, claim: Claim, standing: Standing, why: str, seed: int | None = None) -> None:
        """Store a verdict; a later one on the same claim replaces it. Raises AuditError."""
        with self._writing() as file:
            row = (claim.student, claim.request, claim.exercise, standing, why, seed, time.time())
            file.execute(_ADD, row)

    def judged(self) -> set[tuple[str, str]]:
        """Return the student and request of each claim that has a verdict. Raises AuditError."""
        return {(student, request) for student, request, *_ in self._rows()}

    def of_students(self) -> dict[tuple[str, str], Verdict]:
        """Return the verdict for each student and exercise: verified once is enough, otherwise the newest counts."""
        found: dict[tuple[str, str], Verdict] = {}
        for student, _, exercise, standing, why in self._rows():
            if standing == "verified" or found.get((student, exercise), ("",))[0] != "verified":
                found[student, exercise] = Verdict(standing, why)
        return found

    def _rows(self) -> list[tuple[str, str, str, Standing, str]]:
        with reading(self._path) as file:
            if not file.execute("SELECT 1 FROM sqlite_master WHERE name = 'verdicts'").fetchone():
                return []
            return file.execute(_ALL).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        connected = sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None)
        with explaining(self._path), closing(connected) as file:
            file.execute(_SCHEMA)
            yield file

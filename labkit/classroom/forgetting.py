"""Remove one student's data from a class file: everything that the student sent, and what others wrote about it.

    forget(path, "physics", "otter")

Only the name remains, in the rows that record connections, because the log's hash chain needs every row. With a roster
of pseudonyms, that name identifies nobody. The instructor must delete earlier exports and saved cases.
"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

from labkit.classroom.register import INSTRUCTOR, Register
from labkit.classroom.roster import key
from labkit.wire.audit.erasing import erase
from labkit.wire.audit.opening import holder
from labkit.wire.audit.reading import reading
from labkit.wire.audit.schema import explaining

BUSY_S = 5.0
REVOKED_S = 5.0  # a running server closes the student's connections within one second
LOOK_S = 0.05
# Each table of a class with the column that holds a student's name
TABLES = {
    "seats": "name",
    "voted": "name",
    "measurements": "name",
    "reached": "name",
    "notes": "name",
    "verdicts": "student",
}
BESIDE = frozenset(
    {*TABLES, "class", "renewals", "renewed", "questions", "ballots", "votes_revision", "opened", "sqlite_sequence"}
)
_NAMES = "SELECT DISTINCT user FROM log WHERE user IS NOT NULL"


class Forgotten(NamedTuple):
    """What was removed: the spellings of the name in the file, the number of texts, and the number of table rows."""

    names: list[str]
    texts: int
    rows: int


def forget(path: Path, class_id: str, name: str) -> Forgotten:
    """Remove a student from a class, with all data.

    The result has no names if the file has no such student. Raises AuditError.
    """
    register = Register(path, class_id)
    names = _spellings(path, name)
    register.remove(names)
    _wait_for_server(register, path, names)
    texts = rows = 0
    for one in names:
        rows += _delete(path, one)
        texts += erase(path, one, BESIDE).rows
    return Forgotten(names, texts, rows)


def _spellings(path: Path, name: str) -> list[str]:
    """Return the names in the file that are this student's, however they are spelled."""
    wanted = key(name)
    with reading(path) as file:
        found = {user for (user,) in file.execute(_NAMES)}
        for table, column in TABLES.items():
            if file.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
                found |= {one for (one,) in file.execute(f"SELECT {column} FROM {table}")}
    return sorted(str(one) for one in found if key(str(one)) == wanted and wanted != INSTRUCTOR)


def _wait_for_server(register: Register, path: Path, names: list[str]) -> None:
    """Wait until a running server has closed the student's connections, because until then it may store new data."""
    ends = monotonic() + REVOKED_S
    while holder(path) is not None and set(names) & set(register.renewed()) and monotonic() < ends:
        sleep(LOOK_S)


def _delete(path: Path, name: str) -> int:
    """Delete the rows that hold a name.

    A ballot keeps its vote but loses its name, so that the counts stay the same.
    """
    with explaining(path), closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as file:
        file.execute("PRAGMA secure_delete = ON")
        file.execute("BEGIN IMMEDIATE")
        with file:
            tables = {one for (one,) in file.execute("SELECT name FROM sqlite_master")}
            count = sum(
                file.execute(f"DELETE FROM {table} WHERE {column} = ?", (name,)).rowcount
                for table, column in TABLES.items()
                if table in tables
            )
            if "ballots" in tables:
                count += file.execute("UPDATE ballots SET who = NULL WHERE who = ?", (name,)).rowcount
            if "votes_revision" in tables:
                file.execute("UPDATE votes_revision SET number = number + 1")
            count += _forget_drill(file, name)
    return count


def _forget_drill(file: sqlite3.Connection, name: str) -> int:
    found = file.execute("SELECT value FROM class WHERE name = 'drill'").fetchone()
    drill = json.loads(found[0]) if found else {"users": []}
    if name not in drill["users"]:
        return 0
    drill["users"].remove(name)
    file.execute("UPDATE class SET value = ? WHERE name = 'drill'", (json.dumps(drill),))
    return 1

"""Erase one person's texts from an audit file and its sealed files, while the hash chain still verifies.

A hash of a short text can be guessed, so the id of the event, 122 random bits, is erased with the text: without it,
nothing can be compared with the hash of the row. A hash of the id remains, for someone who has the id.

    1  in one transaction, an `erase` row in the open file, and the rows that it names blanked there
    2  rows in sealed files: first the `erase` row, then the same in the sealed file

A crash between the steps loses nothing: the `erase` row allows a change that has not happened yet. Run it again.
"""

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from labkit.wire.audit.anchor import Anchor
from labkit.wire.audit.maintenance import append, changing, forget_old_pages, opened, transaction
from labkit.wire.audit.reading import newest, rows_at
from labkit.wire.audit.schema import AuditError, Entry, digest
from labkit.wire.audit.sealed_files import sealed_files, settle
from labkit.wire.audit.sealing import tidy

ROWS_A_RECORD = 500
ERASED = "erased-"
# Fields of an event that the server chose, or whose values are a fixed list.
KEPT = frozenset({"type", "roomId", "userId", "sentAt", "severity", "status"})
_TEXTS = (
    f"SELECT n FROM log WHERE kind = 'event' AND user = ? AND substr(id, 1, {len(ERASED)}) <> '{ERASED}' ORDER BY n"
)
_KNOWN = "SELECT 1 FROM log WHERE user = ? LIMIT 1"
_BLANK = "UPDATE log SET id = ?, body = ? WHERE n = ?"


class Erasure(NamedTuple):
    """How many rows lost their text, in how many files, and the last row of the chain now."""

    rows: int
    files: int
    last: Anchor
    is_known: bool


def erase(audit: Path, user: str, beside: Collection[str] = ()) -> Erasure:
    """Erase what a user wrote. Raises AuditError. `beside`: as for `changing`."""
    with changing(audit, beside) as connection:
        tidy(audit, connection)
        is_known = _knows(connection, user)
        here = _texts(connection, user)
        erased, touched = set(here), int(bool(here))
        for numbers in _some(here):
            with transaction(connection):
                _declare(connection, connection, user, numbers)
                _blank(connection, numbers)
        for file in sealed_files(audit):
            found, knows = _erase_sealed(connection, file.path, user, erased)
            is_known, touched, erased = is_known or knows, touched + bool(found), erased | set(found)
        forget_old_pages(connection)
        n, row_hash = newest(connection)
    return Erasure(len(erased), touched, Anchor(n, row_hash.hex()), is_known)


def _erase_sealed(audit: sqlite3.Connection, file: Path, user: str, declared: set[int]) -> tuple[list[int], bool]:
    """Erase in a sealed file. Return the numbers of the rows, and whether the file knows the user."""
    settle(file)
    with opened(file) as sealed:
        found, knows = _texts(sealed, user), _knows(sealed, user)
        for numbers in _some([n for n in found if n not in declared]):
            with transaction(audit):
                _declare(audit, sealed, user, numbers)
        with transaction(sealed):
            _blank(sealed, found)
    return found, knows


def _texts(connection: sqlite3.Connection, user: str) -> list[int]:
    return [n for (n,) in connection.execute(_TEXTS, (user,))]


def _knows(connection: sqlite3.Connection, user: str) -> bool:
    return connection.execute(_KNOWN, (user,)).fetchone() is not None


def _some(numbers: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(numbers), ROWS_A_RECORD):
        yield numbers[start : start + ROWS_A_RECORD]


def _declare(audit: sqlite3.Connection, holder: sqlite3.Connection, user: str, numbers: list[int]) -> None:
    """Append the row that says what is erased."""
    found = rows_at(holder, numbers)
    body = {str(n): [digest(entry).hex(), digest(blanked(entry)).hex()] for n, entry, _ in found}
    append(audit, "erase", {"rows": body}, user)


def _blank(connection: sqlite3.Connection, numbers: list[int]) -> None:
    left = [(n, blanked(entry)) for n, entry, _ in rows_at(connection, numbers)]
    connection.executemany(_BLANK, [(entry.id, entry.body, n) for n, entry in left])


def blanked(entry: Entry) -> Entry:
    """Return what remains of an event. Raises AuditError if its body is damaged."""
    name = ERASED + hashlib.sha256(str(entry.id).encode()).hexdigest()[:32]
    try:
        fields = json.loads(entry.body or "")
        left = {key: _left(key, value) for key, value in fields.items()}
    except (ValueError, AttributeError):
        raise AuditError(f"the event {entry.id} has a damaged body; follow the chain with --verify first") from None
    body = {**left, "id": name, "requestId": name, "erased": True}
    return entry._replace(id=name, body=json.dumps(body, separators=(",", ":")))


def _left(key: str, value: Any) -> Any:
    return value if key in KEPT or isinstance(value, int | float) else ""

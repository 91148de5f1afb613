"""Read an audit file, as rows or as a data frame. A server may be writing to it at the same time."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from labkit.wire.audit.anchor import after as after_row
from labkit.wire.audit.schema import GENESIS, AuditError, Entry, check_is_ours, explaining

if TYPE_CHECKING:
    import pandas

BEFORE_ALL = -(2**63)  # lower than the number of any row
_ROW = f"SELECT n, {', '.join(Entry._fields)}, hash FROM log"
_ROWS_AT = f"{_ROW} WHERE n IN (SELECT value FROM json_each(?)) ORDER BY n"
_ROWS_AT_ONCE = 5_000  # one long-running statement would keep SQLite from reusing the write-ahead log


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a read-only connection that never blocks a server. Errors inside the block also become AuditError."""
    if not path.is_file():
        raise AuditError(f"{path} is a folder, not a file" if path.is_dir() else f"there is no audit file {path}")
    with explaining(path):
        connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, isolation_level=None)
        try:
            if not check_is_ours(path, connection):
                raise AuditError(f"{path} is empty, so it is not an audit file; choose another file")
            yield connection
        finally:
            connection.close()


def rows(
    connection: sqlite3.Connection, *, since: float | None = None, room: str | None = None, after: int = BEFORE_ALL
) -> Iterator[tuple[int, Entry, bytes]]:
    """Yield the number, entry and hash of each row after row `after`, oldest first.

    Rows that are sealed in another file are left out. An open file keeps copies of some of them.
    """
    after = max(after, sealed_through(connection) or BEFORE_ALL)
    connection.text_factory = _text
    wanted = {"since": since, "room": room, "newest": newest(connection)[0], "many": _ROWS_AT_ONCE, "after": after}
    where = "n > :after AND n <= :newest AND (:since IS NULL OR at >= :since) AND (:room IS NULL OR room = :room)"
    while True:
        piece = connection.execute(f"{_ROW} WHERE {where} ORDER BY n LIMIT :many", wanted).fetchall()
        for n, *columns, row_hash in piece:
            yield n, Entry._make(columns), row_hash
        if len(piece) < _ROWS_AT_ONCE:
            return
        wanted["after"] = piece[-1][0]


def rows_at(connection: sqlite3.Connection, numbers: list[int]) -> Iterator[tuple[int, Entry, bytes]]:
    """Yield the rows with these numbers, in their order."""
    connection.text_factory = _text
    for n, *columns, row_hash in connection.execute(_ROWS_AT, (json.dumps(numbers),)):
        yield n, Entry._make(columns), row_hash


def sealed_through(connection: sqlite3.Connection) -> int:
    """Return the number of the last row that is sealed in another file, or 0. Raises AuditError."""
    try:
        return after_row(connection).n
    except ValueError:
        raise AuditError("the audit file does not say which rows were sealed, so it is damaged") from None


def _text(stored: bytes) -> str | bytes:
    """Decode stored text. Leave invalid UTF-8 as bytes: labkit did not write it, and no hash will match it."""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored


def newest(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """Return the number and hash of the newest row, or 0 and GENESIS if the file is empty."""
    found = connection.execute("SELECT n, hash FROM log ORDER BY n DESC LIMIT 1").fetchone()
    return (found[0], found[1]) if found else (0, GENESIS)


def read(path: Path, *, since: float | None = None, room: str | None = None) -> "pandas.DataFrame":
    """Return a data frame with n and the columns of Entry. Times are in UTC. Raises AuditError."""
    import pandas

    with reading(path) as connection:
        found = [(n, *entry) for n, entry, _ in rows(connection, since=since, room=room)]
    frame = pandas.DataFrame(found, columns=["n", *Entry._fields])
    for column in ("at", "expires_at"):
        frame[column] = pandas.to_datetime(frame[column], unit="s", utc=True, errors="coerce")
    return frame.astype({"seq": "Int64"})

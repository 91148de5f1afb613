"""Seal an audit file: its rows so far go into a file of their own, and the chain continues in the open file.

    1  copy the rows into FILE.FIRST-LAST.sealed, verify the copy, and store it safely
    2  one transaction: a `seal` row, and the anchor on which the open file builds from now on
    3  delete the rows that were sealed, except those that a starting server needs

A crash between two steps loses nothing. Before 2, the open file still holds every row, and the copy is no part of the
chain; before the end of 3, it holds some rows twice. The next seal completes or removes what is left over.
"""

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from labkit.platform.os_errors import why
from labkit.platform.private_files import open_private
from labkit.wire.audit.anchor import Anchor, after
from labkit.wire.audit.index import index_beside_server, index_rooms
from labkit.wire.audit.keeping import digest_of, needed
from labkit.wire.audit.maintenance import append, changing, forget_old_pages, transaction
from labkit.wire.audit.reading import newest, reading
from labkit.wire.audit.schema import SCHEMA, AuditError, explaining
from labkit.wire.audit.sealed_files import Sealed, sealed_files, sealed_path
from labkit.wire.audit.verify import verify

ROWS_A_DELETION = 2_000
_SET = "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
_CARRIED = "CREATE TABLE IF NOT EXISTS carried (n INTEGER PRIMARY KEY)"
_LEFT = "SELECT n FROM log WHERE n <= ? AND n NOT IN (SELECT n FROM carried) ORDER BY n LIMIT ?"


class Seal(NamedTuple):
    """What was sealed: the file, its last row, and how many rows it holds."""

    file: Path
    through: Anchor
    rows: int


class Broken(AuditError):
    """The chain of the rows to seal or to drop is broken."""


def seal(audit: Path) -> Seal | None:
    """Seal all rows so far. Return None if there are no new rows. Raises AuditError, or Broken."""
    with changing(audit) as connection:
        tidy(audit, connection)
        start, (n, row_hash) = after(connection), newest(connection)
        through = Anchor(n, row_hash.hex())
        kinds = connection.execute("SELECT 1 FROM log WHERE n > ? AND kind <> 'seal' LIMIT 1", (start.n,))
        if kinds.fetchone() is None:
            return None
        file = _copied(audit, start, through)
        _build_on(connection, file, through)
        _delete_sealed(connection, through)
        forget_old_pages(connection)
    return Seal(file, through, through.n - start.n)


def drop(audit: Path, before: float) -> list[Path]:
    """Delete the sealed files whose rows are all older than `before`, and record it. Raises AuditError, or Broken."""
    with changing(audit) as connection:
        tidy(audit, connection)
        old = list(_older(audit, before))
        if old:
            _check(audit)
            body = {"through": str(_end(old[-1].path)), "files": [file.path.name for file in old]}
            with transaction(connection):
                append(connection, "drop", body)
            for file in old:
                file.path.unlink()
    return [file.path for file in old]


def _older(audit: Path, before: float) -> Iterator[Sealed]:
    for file in sealed_files(audit):
        with reading(file.path) as connection:
            if connection.execute("SELECT 1 FROM log WHERE at >= ? LIMIT 1", (before,)).fetchone():
                return
        yield file


def _check(path: Path) -> None:
    verdict = verify(path)
    if not verdict.is_intact:
        raise Broken(f"{path} is {verdict}; nothing was changed, so that the evidence stays")


def _end(path: Path) -> Anchor:
    with reading(path) as connection:
        n, row_hash = newest(connection)
    return Anchor(n, row_hash.hex())


def tidy(audit: Path, connection: sqlite3.Connection) -> None:
    """Complete or remove what an interrupted seal or drop left over."""
    start = after(connection)
    for file in sealed_files(audit):
        if file.last > start.n:
            _remove_copy(audit, connection, file)
    for part in audit.parent.glob(f"{audit.name}.*.part*"):
        part.unlink(missing_ok=True)
    if start.n > 0:
        _delete_sealed(connection, start)


def _remove_copy(audit: Path, connection: sqlite3.Connection, file: Sealed) -> None:
    """Remove a sealed file that an interrupted seal left, if the open file still holds its rows."""
    found = connection.execute("SELECT hash FROM log WHERE n = ?", (file.last,)).fetchone()
    if found is None or _end(file.path) != Anchor(file.last, bytes(found[0]).hex()):
        raise AuditError(f"{file.path} holds rows that {audit} does not have; restore the newest copy of {audit.name}")
    file.path.unlink()


def _copied(audit: Path, start: Anchor, through: Anchor) -> Path:
    """Write the sealed file. It appears under its name once it is whole, verified and on the disk."""
    file = sealed_path(audit, start.n + 1, through.n)
    part = file.with_name(f"{audit.name}.{os.getpid()}.part")
    try:
        os.close(open_private(part, os.O_RDWR | os.O_CREAT | os.O_EXCL))
        _copy(audit, part, start, through)
        _check(part)
        if _end(part) != through:
            raise AuditError(f"{audit} was replaced while it was copied; run the same command again")
        part.replace(file)
        _sync(file.parent)
    except OSError as error:
        raise AuditError(f"sealed file {file} cannot be written: {why(error)}") from None
    finally:
        part.unlink(missing_ok=True)
    return file


def _copy(audit: Path, part: Path, start: Anchor, through: Anchor) -> None:
    with explaining(part), contextlib.closing(sqlite3.connect(part, isolation_level=None, uri=True)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(SCHEMA)
        connection.execute("ATTACH ? AS source", (f"file:{quote(str(audit.absolute()))}?mode=ro",))
        connection.execute("BEGIN")
        within = (start.n, through.n)
        connection.execute("INSERT INTO log SELECT * FROM source.log WHERE n > ? AND n <= ? ORDER BY n", within)
        connection.executemany(_SET, [("after", str(start)), ("sealed", 1)])
        connection.execute("COMMIT")
        index_rooms(connection, through.n)


def _sync(folder: Path) -> None:
    """Store a renaming on the disk, where the system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _build_on(connection: sqlite3.Connection, file: Path, through: Anchor) -> None:
    """Let the open file build on the last sealed row."""
    index_beside_server(connection, through.n)
    kept = needed(connection, through.n)
    body = {"through": str(through), "file": file.name, "kept": digest_of(connection, kept)}
    with transaction(connection):
        append(connection, "seal", body)
        connection.execute(_SET, ("after", str(through)))
        connection.execute(_CARRIED)
        connection.execute("DELETE FROM carried")
        connection.executemany("INSERT INTO carried VALUES (?)", [(n,) for n in kept])


def _delete_sealed(connection: sqlite3.Connection, through: Anchor) -> None:
    """Delete sealed rows that no start needs, a few at a time, because a server waits meanwhile."""
    while gone := connection.execute(_LEFT, (through.n, ROWS_A_DELETION)).fetchall():
        numbers = json.dumps([n for (n,) in gone])
        with transaction(connection):
            connection.execute(
                "DELETE FROM room_index WHERE (room, kind, n) IN "
                "(SELECT room, kind, n FROM log WHERE n IN (SELECT value FROM json_each(?)))",
                (numbers,),
            )
            connection.execute("DELETE FROM log WHERE n IN (SELECT value FROM json_each(?))", (numbers,))

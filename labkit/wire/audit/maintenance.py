"""Change an audit file as an operator, even while a server writes to it: seal, erase, drop.

SQLite's own lock orders these changes and the server's. Whoever finds its row number taken reads the chain's end again
(`wire.audit.writer`). Each transaction here is short, so that the server never waits for long.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any

from labkit.wire.audit.anchor import Anchor
from labkit.wire.audit.opening import AuditLock, check_is_open
from labkit.wire.audit.reading import newest, reading
from labkit.wire.audit.schema import TRIGGERS, AuditError, Entry, Kind, explaining, link

OURS = {"meta", "log", "room_index", "carried"}
WAIT_S = 10.0
LONGEST_PAUSE_S = 0.2
_INSERT = f"INSERT INTO log VALUES ({', '.join('?' * (len(Entry._fields) + 2))})"
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"


@contextmanager
def changing(path: Path, beside: Collection[str] = ()) -> Iterator[sqlite3.Connection]:
    """Open an audit file to change it; only one program does that at a time. Raises AuditError.

    `beside`: tables of another program in this file, which allows the change.
    """
    with reading(path) as connection:
        check_is_open(path, connection)
        others = {name for (name,) in connection.execute(_TABLES)} - OURS
    if others - set(beside):
        raise AuditError(
            f"audit file {path} belongs to a class, which needs every row; delete the file when its course is over, "
            "or remove one student's data with `labkit class remove --erase`"
        )
    lock = AuditLock(path, "change", "another `labkit audit`")
    try:
        with opened(path) as connection:
            yield connection
    finally:
        lock.release()


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an audit file or a sealed file so that what is deleted is also overwritten. Raises AuditError."""
    with explaining(path), closing(sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        yield connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit the block as one change in which rows may be changed and deleted, or none of it."""
    connection.execute("BEGIN IMMEDIATE")
    began = monotonic()
    try:
        for name in TRIGGERS:
            connection.execute(f"DROP TRIGGER IF EXISTS {name}")
        yield
        for statement in TRIGGERS.values():
            connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    sleep(min(LONGEST_PAUSE_S, monotonic() - began))  # SQLite's lock has no queue, so leave the server half of the time


def append(connection: sqlite3.Connection, kind: Kind, body: dict[str, Any], user: str | None = None) -> Anchor:
    """Append a row to the chain, within a transaction."""
    n, last = newest(connection)
    entry = Entry(time(), kind, user=user, body=json.dumps(body, separators=(",", ":")))
    row_hash = link(last, entry)
    connection.execute(_INSERT, (n + 1, *entry, row_hash))
    return Anchor(n + 1, row_hash.hex())


def forget_old_pages(connection: sqlite3.Connection) -> None:
    """Remove deleted rows from the write-ahead log too. Without the server's lock: a server may start meanwhile."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

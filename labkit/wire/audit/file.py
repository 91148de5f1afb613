"""The audit file: its tables, its hash chain, and how to read it while a server writes. Lesson: notebook 08 (audit).

    log    n, the ten columns of an Entry, hash         append-only: triggers refuse to change or delete a row
    hash   sha256(hash of row n-1 + the Entry as a MessagePack array); the row before the first counts as GENESIS

Whoever changes, removes or moves a row must rewrite every hash behind it. Rows cut off the end leave no trace in
the file itself: keep the newest hash elsewhere. Nothing here writes a row; `wire.audit.writer` does.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import quote

import msgspec

if TYPE_CHECKING:
    import pandas

Kind = Literal["event", "join", "leave", "auth", "denied", "close", "revoke", "ticket", "start", "stop"]


class Entry(NamedTuple):
    """One row to be written. Times are seconds since 1970.

    Four kinds are read again when a server starts (`wire.audit.past`):
    event (room, epoch, seq, id, user, body: the JSON text that members get), auth (id: the session, user, expires_at),
    ticket (id, expires_at; written when it is spent), close (connection, body: {"code", "reason"}), and for what they
    say about those: join (room, epoch) and revoke (user, expires_at: of the last credential that it ended,
    seq: its number among the file's revocations, or with an epoch its place in the log that servers share).
    """

    at: float
    kind: Kind
    room: str | None = None
    epoch: str | None = None
    seq: int | None = None
    id: str | None = None
    user: str | None = None
    connection: str | None = None
    expires_at: float | None = None
    body: str | None = None


class AuditError(Exception):
    """An audit file that cannot be used: one line that names the file, the fault and the way out."""


GENESIS = bytes(32)
BEFORE_ALL = -(2**63)  # the number of a row before any
SCHEMA_VERSION = 1
# Columns have no type: SQLite would convert values to it, and the hash is of what was written.
# `room_index` is derived from the log and brought up to date every so often, many rows at a time: a plain index would
# dirty a page for each room of each commit, which doubles the time of a busy server's commits.
SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE meta (name PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('format', 'labkit audit'), ('schema', {SCHEMA_VERSION}), ('indexed', 0);
CREATE TABLE log (
    n INTEGER PRIMARY KEY, at NOT NULL, kind NOT NULL, room, epoch, seq, id, user, connection, expires_at, body,
    hash NOT NULL
);
CREATE TABLE room_index (room, kind, n, PRIMARY KEY (room, kind, n)) WITHOUT ROWID;
CREATE INDEX log_close ON log (n) WHERE kind = 'close';
CREATE INDEX log_revoke ON log (user) WHERE kind = 'revoke';
CREATE INDEX log_expires ON log (kind, expires_at) WHERE expires_at IS NOT NULL;
CREATE TRIGGER log_keeps_rows BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER log_keeps_all BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
COMMIT;
"""
_ROW = f"SELECT n, {', '.join(Entry._fields)}, hash FROM log"
_ROWS_AT_ONCE = 5_000  # a reader that stays in one statement would keep the write-ahead log from being reused
_ENCODER = msgspec.msgpack.Encoder()
_FAULTS = {
    "NOTADB": "is not an audit file; name another, or move it away",
    "CORRUPT": "is damaged; move it away, or restore it from a backup",
    "FULL": "cannot be written: the disk is full; free some space",
    "READONLY": "cannot be written; check the permissions of the file and its folder",
    "PERM": "cannot be opened; check the permissions of the file and its folder",
    "CANTOPEN": "cannot be opened; check that it is a file, and the permissions of the file and its folder",
    "BUSY": "is locked by another program; end that one first",
    "IOERR_LOCK": "cannot be locked: its file system has no locks; put it on a local disk",
    "IOERR": "cannot be read or written: the disk reports an error",
}


def link(previous_hash: bytes, entry: Entry) -> bytes:
    """The hash of a row, 32 bytes. Raises UnicodeEncodeError for text that is not Unicode."""
    return hashlib.sha256(previous_hash + _ENCODER.encode(entry)).digest()


def explained(path: Path, error: sqlite3.Error | UnicodeDecodeError) -> AuditError:
    """SQLite's error as one line for a person; where it quotes a damaged file, its text may not even be text."""
    name = "SQLITE_CORRUPT" if isinstance(error, UnicodeDecodeError) else getattr(error, "sqlite_errorname", "")
    _, _, code = name.partition("_")
    fault = _FAULTS.get(code) or _FAULTS.get(code.split("_")[0], f"cannot be used: {' '.join(str(error).split())}")
    return AuditError(f"audit file {path} {fault}")


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Raise SQLite's errors as AuditError."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise explained(path, error) from None


def check_is_ours(path: Path, connection: sqlite3.Connection) -> bool:
    """False for an empty database. Raises AuditError for one that somebody else, or a later version, made."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return False
    meta = dict(connection.execute("SELECT name, value FROM meta")) if {"meta", "log"} <= tables else {}
    if meta.get("format") != "labkit audit":
        raise AuditError(f"{path} is a database, but not an audit file of labkit; name another")
    if meta.get("schema") != SCHEMA_VERSION:
        raise AuditError(
            f"audit file {path} has schema {meta.get('schema')!r}, and this labkit reads {SCHEMA_VERSION}; "
            "use the labkit that wrote it, or name another file"
        )
    return True


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection: no lock that a server would notice. Raises AuditError, also for faults met inside."""
    if not path.is_file():
        raise AuditError(f"{path} is a folder; name a file" if path.is_dir() else f"there is no audit file {path}")
    with explaining(path):
        connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, isolation_level=None)
        try:
            if not check_is_ours(path, connection):
                raise AuditError(f"{path} is empty, so it is not an audit file; name another")
            yield connection
        finally:
            connection.close()


def rows(
    connection: sqlite3.Connection, *, since: float | None = None, room: str | None = None, after: int = BEFORE_ALL
) -> Iterator[tuple[int, Entry, bytes]]:
    """Each row that is in the file now and behind row `after`, oldest first: its number, the entry and its hash."""
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


def _text(stored: bytes) -> str | bytes:
    """Bytes that are no UTF-8 were not written by us: they stay bytes, so that no hash fits them."""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored


def newest(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """The number and the hash of the newest row; 0 and GENESIS before the first."""
    found = connection.execute("SELECT n, hash FROM log ORDER BY n DESC LIMIT 1").fetchone()
    return (found[0], found[1]) if found else (0, GENESIS)


def read(path: Path, *, since: float | None = None, room: str | None = None) -> "pandas.DataFrame":
    """The rows as a frame: n, the columns of Entry; times in UTC. Raises AuditError."""
    import pandas

    with reading(path) as connection:
        found = [(n, *entry) for n, entry, _ in rows(connection, since=since, room=room)]
    frame = pandas.DataFrame(found, columns=["n", *Entry._fields])
    for column in ("at", "expires_at"):
        frame[column] = pandas.to_datetime(frame[column], unit="s", utc=True, errors="coerce")
    return frame.astype({"seq": "Int64"})

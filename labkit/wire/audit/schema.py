"""The schema of the audit file: its tables, its rows, its hash chain, and its errors.

    log    n, the ten columns of an Entry, hash         append-only: triggers reject updates and deletes
    hash   sha256(hash of row n-1 + the Entry as a MessagePack array); the first row builds on GENESIS
    meta   `after`, once rows were sealed: the anchor of the last sealed row, on which the first row here builds

To change, remove or move a row, one would have to rewrite every later hash. Removing the last rows leaves no trace in
the file, so keep the newest hash elsewhere (`wire.audit.verify.Anchor`). `wire.audit.writer` writes the rows.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

Kind = Literal[
    "event", "join", "leave", "auth", "denied", "close", "revoke", "ticket", "start", "stop", "seal", "erase", "drop"
]


class Entry(NamedTuple):
    """One row. Times are in seconds since 1970.

    A starting server reads these kinds (`wire.audit.recovery`):
    event    room, epoch, seq, id, user, body (the JSON that members receive); connection: its place in a shared log
    join     room, epoch
    auth     id (the session's), user, expires_at
    ticket   id, expires_at; written when the ticket is spent
    close    connection, body {"code", "reason"}
    revoke   user, expires_at (when the last revoked credential expires), seq (the revocation's number in the file, or,
             with an epoch, its place in the shared log)

    These record what an operator did to the file (`wire.audit.maintenance`):
    seal     body {"through": the last sealed row's anchor, "file", "kept": a digest of the rows kept for a start}
    erase    user, body {"rows": {n: [digest of the row before, digest after]}}
    drop     body {"through", "files"}
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
    """The audit file cannot be used. The message gives the file, the cause and what to do, in one line."""


GENESIS = bytes(32)
SCHEMA_VERSION = 1
MAINTENANCE = ("seal", "erase", "drop")
_REFUSE = "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
TRIGGERS = {
    "log_keeps_rows": f"CREATE TRIGGER log_keeps_rows BEFORE UPDATE ON log {_REFUSE}",
    "log_keeps_all": f"CREATE TRIGGER log_keeps_all BEFORE DELETE ON log {_REFUSE}",
}
# Columns have no type, because SQLite would convert the values, but the hash covers the original ones.
# `room_index` is derived from the log and updated in batches. A plain index would dirty one page per room in each
# commit, which would double a busy server's commit time.
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
{";".join(TRIGGERS.values())};
COMMIT;
"""
_ENCODER = msgspec.msgpack.Encoder()
_FAULTS = {
    "NOTADB": "is not an audit file; choose another, or move it away",
    "CORRUPT": "is damaged; move it away, or restore it from a backup",
    "FULL": "cannot be written: the disk is full; free some space",
    "READONLY": "cannot be written; check the permissions of the file and its folder",
    "PERM": "cannot be opened; check the permissions of the file and its folder",
    "CANTOPEN": "cannot be opened; check that it is a file, and check the permissions of the file and its folder",
    "BUSY": "is locked by another program; stop that program first",
    "IOERR_LOCK": "cannot be locked, because its file system has no locks; put it on a local disk",
    "IOERR": "cannot be read or written: the disk reports an error",
}


def link(previous_hash: bytes, entry: Entry) -> bytes:
    """Return the hash of a row, 32 bytes. Raises UnicodeEncodeError for lone surrogates."""
    return hashlib.sha256(previous_hash + _ENCODER.encode(entry)).digest()


def digest(entry: Entry) -> bytes:
    """Return the hash of a row without the row before it, 32 bytes."""
    return hashlib.sha256(_ENCODER.encode(entry)).digest()


def explained(path: Path, error: sqlite3.Error | UnicodeDecodeError) -> AuditError:
    """Turn an SQLite error into an AuditError. A UnicodeDecodeError means that its message quotes damaged data."""
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
    """Return False for an empty database. Raises AuditError if another program or a later version wrote it."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return False
    meta = dict(connection.execute("SELECT name, value FROM meta")) if {"meta", "log"} <= tables else {}
    if meta.get("format") != "labkit audit":
        raise AuditError(f"{path} is a database, but not a labkit audit file; choose another file")
    if meta.get("schema") != SCHEMA_VERSION:
        raise AuditError(
            f"audit file {path} has schema {meta.get('schema')!r}, but this labkit reads {SCHEMA_VERSION}; "
            "use the labkit version that wrote it, or choose another file"
        )
    return True

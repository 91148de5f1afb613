"""Opening the audit file to write: one writer at a time, and only in a file of ours. Lesson: notebook 08 (audit).

Every way in which this fails is an AuditError of one line; a file that is not ours is left as it was.
"""

import contextlib
import os
import sqlite3
from pathlib import Path

from labkit.platform.locks import try_lock
from labkit.platform.os_errors import describe, why
from labkit.wire.audit.reading import reading
from labkit.wire.audit.schema import SCHEMA, AuditError, check_is_ours, explaining

WAL_PAGES = 4_000  # from here on a commit itself copies what `wire.audit.checkpoint` has left
BUSY_S = 2.0


class AuditLock:
    """Held from the moment it is made until `release`, or the end of the process, however it ends.

    A lock of our own and not SQLite's: readers stay welcome. On a side file and not on the audit file: closing any
    descriptor of that one would drop SQLite's locks on it.
    """

    def __init__(self, audit: Path) -> None:
        """Raises AuditError when another server holds the lock, or when there is no locking there."""
        path = audit.with_name(f"{audit.name}.lock")
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise AuditError(f"audit file {audit} cannot be used: {describe(error)}") from None
        try:
            self._take(audit)
        except BaseException:
            os.close(self._descriptor)
            raise

    def _take(self, audit: Path) -> None:
        try:
            is_ours = try_lock(self._descriptor)
        except OSError as error:
            raise AuditError(
                f"audit file {audit} cannot be locked, so two servers could write it: {why(error)}"
            ) from None
        if not is_ours:
            holder = os.read(self._descriptor, 20).decode("ascii", "replace").strip() or "unknown"
            raise AuditError(
                f"audit file {audit} is in use by another server (process {holder}); stop it, or name another file"
            )
        with contextlib.suppress(OSError):  # the number is for people; on a full disk the audit file itself fails next
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let another server have the file."""
        os.close(self._descriptor)


def holder(audit: Path) -> int | None:
    """The process that has an audit file open to write, on this machine; None when there is none."""
    path = audit.with_name(f"{audit.name}.lock")
    try:
        with path.open("r+", encoding="ascii", errors="replace") as file:
            if try_lock(file.fileno()):
                return None
            said = file.read().strip()
            return int(said) if said.isdigit() else None
    except OSError:
        return None


def check_file(path: Path) -> None:
    """Look before anything is made beside it. Raises AuditError for what exists and is no audit file."""
    if not path.parent.is_dir():
        raise AuditError(f"audit file {path}: there is no folder {path.parent}; make it first")
    if path.exists() and not _is_empty(path):
        with reading(path):
            pass


def open_to_write(path: Path) -> sqlite3.Connection:
    """The file's connection, for any one thread at a time. Raises AuditError."""
    try:
        if not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        elif _is_empty(path):
            path.chmod(0o600)
    except OSError as error:
        raise AuditError(f"audit file {path} cannot be made: {why(error)}") from None
    with explaining(path):
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            _prepare(path, connection)
        except BaseException:
            connection.close()
            raise
    return connection


def _is_empty(path: Path) -> bool:
    return path.is_file() and path.stat().st_size == 0


def _prepare(path: Path, connection: sqlite3.Connection) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise AuditError(f"audit file {path} lies on a file system without shared memory; put it on a local disk")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
    if not check_is_ours(path, connection):
        connection.executescript(SCHEMA)

"""Open the audit file for writing. Only one process may write to it.

Every failure raises AuditError. A file that belongs to another program is left unchanged.
"""

import contextlib
import os
import sqlite3
from pathlib import Path

from labkit.platform import plain_file
from labkit.platform.locks import check_ranges, try_lock
from labkit.platform.os_errors import describe, why
from labkit.platform.private_files import open_private
from labkit.wire.audit.anchor import is_sealed
from labkit.wire.audit.reading import reading
from labkit.wire.audit.schema import SCHEMA, AuditError, check_is_ours, explaining

WAL_PAGES = 4_000  # from this size on, a commit itself checkpoints what `wire.audit.checkpoint` has not done yet
BUSY_S = 2.0


class AuditLock:
    """A lock on an audit file, held until `release` or the end of the process.

    SQLite's own lock would block readers, so this is a separate one. It uses a separate file, because closing any
    descriptor of the audit file would drop SQLite's locks on it.
    """

    def __init__(self, audit: Path, name: str = "lock", other: str = "another server") -> None:
        """Take the lock. Raises AuditError if another process holds it, or if the file system does not support locks.

        `other` describes that process.
        """
        self._other = other
        path = audit.with_name(f"{audit.name}.{name}")
        try:
            self._descriptor = open_private(path, os.O_RDWR | os.O_CREAT)
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
            if is_ours:
                check_ranges(self._descriptor)
        except OSError as error:
            raise AuditError(
                f"audit file {audit} cannot be locked, so two servers could write to it: {why(error)}"
            ) from None
        if not is_ours:
            holder = os.read(self._descriptor, 20).decode("ascii", "replace").strip() or "unknown"
            raise AuditError(
                f"audit file {audit} is in use by {self._other} (process {holder}); stop it, or choose another file"
            )
        with contextlib.suppress(OSError):  # only error messages need the process id
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Release the lock."""
        os.close(self._descriptor)


def holder(audit: Path) -> int | None:
    """Return the id of the process that has an audit file open for writing, or None."""
    path = audit.with_name(f"{audit.name}.lock")
    try:
        plain_file.check(path)
        with path.open("r+", encoding="ascii", errors="replace") as file:
            if try_lock(file.fileno()):
                return None
            pid = file.read().strip()
            return int(pid) if pid.isdigit() else None
    except OSError:
        return None


def check_file(path: Path) -> None:
    """Check a path before creating anything next to it. Raises AuditError if the file is not an audit file."""
    if not path.parent.is_dir():
        raise AuditError(f"audit file {path}: the folder {path.parent} does not exist; create it first")
    if path.exists() and not path.is_file():
        raise AuditError(f"audit file {path} is a folder or a device; choose a file name")
    try:
        plain_file.check(path)
    except OSError as error:
        raise AuditError(f"audit file {path} cannot be used: {error.strerror}") from None
    if path.exists() and not _is_empty(path):
        with reading(path) as connection:
            check_is_open(path, connection)


def check_is_open(path: Path, connection: sqlite3.Connection) -> None:
    """Raise AuditError for a sealed file."""
    if is_sealed(connection):
        raise AuditError(
            f"audit file {path} is sealed, so nothing is added to it; name the audit file whose rows it holds"
        )


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open or create the file. Return a connection for one thread at a time. Raises AuditError."""
    try:
        if not path.exists():
            os.close(open_private(path, os.O_RDWR | os.O_CREAT))
        elif _is_empty(path):
            path.chmod(0o600)
    except OSError as error:
        raise AuditError(f"audit file {path} cannot be created: {why(error)}") from None
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
        raise AuditError(f"audit file {path} is on a file system without shared memory; put it on a local disk")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
    if not check_is_ours(path, connection):
        connection.executescript(SCHEMA)

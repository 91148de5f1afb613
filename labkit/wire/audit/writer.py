"""The audit log's writer: one thread that stores entries in group commits.

    submit(entries, done)  --> waiting --> one transaction for all waiting entries --> done(None), in order

The event loop never waits for the disk. Committed entries survive `kill -9` (WAL, synchronous=NORMAL), but not a power
failure.
"""

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, NamedTuple

from labkit.rules.limits import Limits
from labkit.wire.audit.checkpoint import Checkpointer
from labkit.wire.audit.index import index_rooms
from labkit.wire.audit.noted_limits import note_limits
from labkit.wire.audit.opening import AuditLock, check_file, open_to_write
from labkit.wire.audit.reading import newest
from labkit.wire.audit.schema import AuditError, Entry, explained, explaining, link

__all__ = ["Audit", "AuditError", "Done", "Entry"]

_LOGGER = logging.getLogger(__name__)

Done = Callable[[AuditError | None], object]

# Every statement releases the GIL and must get it back from a busy event loop, so one statement inserts many rows, but
# few enough that preparing the statement (about 3 us per row) does not delay the loop.
ROWS_A_STATEMENT = 64
ROWS_A_INDEXING = 2_000
TRIES = 3
MOST_PAGES = 4_294_967_294  # SQLite's own limit
_ROW = f"({', '.join('?' * (len(Entry._fields) + 2))})"
_INSERT = [f"INSERT INTO log VALUES {', '.join([_ROW] * rows)}" for rows in range(ROWS_A_STATEMENT + 1)]


class _Submission(NamedTuple):
    entries: Sequence[Entry]
    done: Done


class Audit:
    """An audit file, open for writing by this process alone."""

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        """Open or create the file, and note the limits that a sealing must know. Raises AuditError."""
        check_file(path)
        self._path = path
        self._lock = AuditLock(path)
        try:
            self._connection = open_to_write(path)
            with explaining(path):
                self._n, self._hash = self._newest()
                note_limits(self._connection, limits)
                self._index_rooms()
                self._checkpointer = Checkpointer(path)
        except BaseException:
            self._lock.release()
            raise
        self._waiting: SimpleQueue[_Submission | None] = SimpleQueue()
        self._door = Lock()
        self._is_closed = self.is_abandoned = False
        self._thread = Thread(target=self._run, name="labkit-audit", daemon=True)
        self._thread.start()

    def submit(self, entries: Sequence[Entry], done: Done) -> None:
        """Store all of the entries or none, then call `done` from the writer's thread. Does not wait for the disk.

        `done` receives None once the entries are stored, or an AuditError if they never will be.
        """
        if self.is_abandoned:
            return
        with self._door:
            if not self._is_closed:
                self._waiting.put(_Submission(entries, done))
                return
        done(AuditError(f"audit file {self._path} is closed"))

    def close(self) -> None:
        """Store the waiting entries, end the threads, and checkpoint the write-ahead log. Waits for the disk."""
        with self._door:
            if self._is_closed:
                return
            self._is_closed = True
            self._waiting.put(None)
        self._thread.join()
        self._checkpointer.close()
        self._connection.close()
        self._lock.release()

    # For lessons

    def fill(self) -> None:
        """Behave as on a full disk: let the file grow no further, so that storing fails. `free` undoes it."""
        (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        self._connection.execute(f"PRAGMA max_page_count = {pages}")

    def free(self) -> None:
        """Let the file grow again."""
        self._connection.execute(f"PRAGMA max_page_count = {MOST_PAGES}")

    def abandon(self) -> None:
        """Close the file as `kill -9` would: forget the entries that wait, and never call their `done`."""
        self.is_abandoned = True
        with contextlib.suppress(Empty):
            while True:
                self._waiting.get_nowait()
        self.close()

    # The writer's thread

    def _run(self) -> None:
        while True:
            taken = [self._waiting.get()]
            while not self._waiting.empty():
                taken.append(self._waiting.get())
            group = [submission for submission in taken if submission is not None]
            error = self._store([entry for submission in group for entry in submission.entries])
            for submission in group:
                _call(submission.done, error)
            if len(group) < len(taken):
                return
            self._index_when_due()

    def _store(self, entries: list[Entry]) -> AuditError | None:
        try:
            try:
                self._commit_at_end(entries)
            except UnicodeEncodeError:
                self._give_up()
                self._commit_at_end([_without_surrogates(entry) for entry in entries])
        except Exception as error:
            self._give_up()
            if isinstance(error, sqlite3.Error):
                return explained(self._path, error)
            return AuditError(f"audit file {self._path} cannot hold an entry: {error}")
        self._checkpointer.committed(len(entries))
        return None

    def _commit_at_end(self, entries: list[Entry]) -> None:
        """Store entries. If an operator's change has taken their numbers, continue after it."""
        for left in reversed(range(TRIES)):
            try:
                self._commit(entries)
                return
            except sqlite3.IntegrityError:
                self._give_up()
                if not left:
                    raise

    def _commit(self, entries: list[Entry]) -> None:
        """Store entries in one transaction, with one statement for every ROWS_A_STATEMENT rows."""
        n, last = self._n, self._hash
        if len(entries) > ROWS_A_STATEMENT:
            self._connection.execute("BEGIN IMMEDIATE")
        for start in range(0, len(entries), ROWS_A_STATEMENT):
            values: list[Any] = []
            for entry in entries[start : start + ROWS_A_STATEMENT]:
                n, last = n + 1, link(last, entry)
                values += (n, *entry, last)
            self._connection.execute(_INSERT[len(values) // (len(Entry._fields) + 2)], values)
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")
        self._n, self._hash = n, last

    def _give_up(self) -> None:
        """Roll back, and continue after the newest row in the file. Never raises, so that the thread stays alive."""
        with contextlib.suppress(Exception):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._n, self._hash = self._newest()

    def _newest(self) -> tuple[int, bytes]:
        n, last = newest(self._connection)
        if not isinstance(last, bytes):
            raise AuditError(f"audit file {self._path} is damaged; see `labkit audit {self._path} --verify`")
        return n, last

    def _index_when_due(self) -> None:
        if self._n - self._indexed >= ROWS_A_INDEXING:
            try:
                self._index_rooms()
            except sqlite3.Error:  # the log is complete without the index; try again after the next group
                self._give_up()

    def _index_rooms(self) -> None:
        index_rooms(self._connection, self._n)
        self._indexed = self._n


def _call(done: Done, error: AuditError | None) -> None:
    try:
        done(error)
    except Exception:  # a caller's error must not end the thread
        _LOGGER.exception("a callback of the audit log failed")


def _without_surrogates(entry: Entry) -> Entry:
    """Replace each lone surrogate with a question mark, because UTF-8 cannot encode it."""
    return Entry._make(
        value.encode("utf-8", "replace").decode() if isinstance(value, str) else value for value in entry
    )

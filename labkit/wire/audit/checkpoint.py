"""Copying the write-ahead log back into the audit file while the writer goes on. Lesson: notebook 08 (audit).

A commit appends to FILE-wal. Left alone, SQLite copies that back inside some later commit, and whoever waits for that
one waits 20 ms for the disk. Here a second thread does most of the copying, and little is left for the commit.
"""

import contextlib
import sqlite3
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

PAGES_A_PASS = 1_000
PAGES_A_COMMIT = 4  # about: the last pages of the table and its indexes are written again each time
ROWS_A_PAGE = 6  # about


class Checkpointer:
    """A thread with a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._pages = 0
        self._due: SimpleQueue[bool] = SimpleQueue()
        self._thread = Thread(target=self._run, name="labkit-audit-checkpoint", daemon=True)
        self._thread.start()

    def committed(self, rows: int) -> None:
        """Called by the writer after each commit."""
        self._pages += PAGES_A_COMMIT + rows // ROWS_A_PAGE
        if self._pages >= PAGES_A_PASS:
            self._pages = 0
            self._due.put(True)

    def close(self) -> None:
        """Copy what is left, and end the thread."""
        self._due.put(False)
        self._thread.join()
        self._copy()
        self._connection.close()

    def _run(self) -> None:
        while self._due.get():
            self._copy()

    def _copy(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # a full disk, say: the log keeps everything until a later pass
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

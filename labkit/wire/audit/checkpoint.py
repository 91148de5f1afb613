"""Checkpoint the write-ahead log into the audit file, in the background.

A commit appends to FILE-wal. By default, SQLite checkpoints during some later commit, which then takes 20 ms longer.
Here a second thread does most of that work.
"""

import contextlib
import sqlite3
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

PAGES_A_PASS = 1_000
PAGES_A_COMMIT = 4  # roughly; each commit rewrites the last pages of the table and its indexes
ROWS_A_PAGE = 6  # roughly


class Checkpointer:
    """A checkpointing thread with its own database connection."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._pages = 0
        self._due: SimpleQueue[bool] = SimpleQueue()
        self._thread = Thread(target=self._run, name="labkit-audit-checkpoint", daemon=True)
        self._thread.start()

    def committed(self, rows: int) -> None:
        """Count a commit by the writer. Start a checkpoint once enough pages have changed."""
        self._pages += PAGES_A_COMMIT + rows // ROWS_A_PAGE
        if self._pages >= PAGES_A_PASS:
            self._pages = 0
            self._due.put(True)

    def close(self) -> None:
        """Checkpoint what is left, and end the thread."""
        self._due.put(False)
        self._thread.join()
        self._copy()
        self._connection.close()

    def _run(self) -> None:
        while self._due.get():
            self._copy()

    def _copy(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # for example, a full disk; the log keeps everything for later
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

"""The write-ahead log is copied back beside the writer, and does not grow without bound."""

import sqlite3
import time
from pathlib import Path

import pytest

from labkit.wire.audit import checkpoint
from labkit.wire.audit.checkpoint import Checkpointer
from labkit.wire.audit.verify import verify
from tests.wire.audit.files import PATIENCE_S, event, opened, store


def wal_bytes(path: Path) -> int:
    return path.with_name(f"{path.name}-wal").stat().st_size


def test_the_write_ahead_log_is_copied_back_by_the_second_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long before a commit would have to do it, the rows are in the file proper."""
    monkeypatch.setattr(checkpoint, "PAGES_A_PASS", 50)
    path = tmp_path / "room.db"
    with opened(path) as audit:
        for seq in range(50):
            assert store(audit, [event(seq)]) is None
        last_moment = time.monotonic() + PATIENCE_S
        while b"id-demo-e1-5" not in path.read_bytes() and time.monotonic() < last_moment:
            time.sleep(0.01)
        assert b"id-demo-e1-5" in path.read_bytes()


def test_commit_checkpoints_when_the_second_thread_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last resort keeps the log bounded whatever happens to the thread."""
    monkeypatch.setattr("labkit.wire.audit.opening.WAL_PAGES", 100)
    monkeypatch.setattr(Checkpointer, "committed", lambda *_: None)
    path = tmp_path / "room.db"
    with opened(path) as audit:
        for seq in range(400):
            assert store(audit, [event(seq)]) is None
        assert wal_bytes(path) < 1_000_000


def test_a_pass_that_fails_is_made_up_for_later(tmp_path: Path) -> None:
    """The log keeps everything meanwhile; the file is whole after close."""
    path = tmp_path / "room.db"
    with opened(path) as audit:
        broken = FailsOnce(audit._checkpointer._connection)
        audit._checkpointer._connection = broken  # type: ignore[assignment]
        audit._checkpointer._due.put(True)
        for seq in range(50):
            assert store(audit, [event(seq)]) is None
    assert broken.failed
    assert verify(path).rows == 50
    assert b"id-demo-e1-49" in path.read_bytes()


class FailsOnce:
    """A connection to a disk that was full for a moment."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection, self.failed = connection, False

    def execute(self, sql: str) -> sqlite3.Cursor:
        if not self.failed:
            self.failed = True
            raise sqlite3.OperationalError("database or disk is full")
        return self._connection.execute(sql)

    def close(self) -> None:
        self._connection.close()

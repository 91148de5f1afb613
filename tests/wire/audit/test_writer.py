"""The writer: group commit, the order of answers, failure and recovery."""

import logging
import sqlite3
from pathlib import Path
from threading import Event, Thread, current_thread
from time import sleep

import pytest

from labkit.wire.audit.reading import reading
from labkit.wire.audit.verify import verify
from labkit.wire.audit.writer import ROWS_A_STATEMENT, Audit, AuditError, Entry
from tests.wire.audit.files import PATIENCE_S, event, ids, opened, store, written


class Admission:
    """Holds the writer's thread inside a `done`, so that submissions pile up behind it."""

    def __init__(self, audit: Audit) -> None:
        self._reached, self._go = Event(), Event()
        audit.submit([event(0)], self._hold)
        assert self._reached.wait(PATIENCE_S)

    def _hold(self, _: BaseException | None) -> None:
        self._reached.set()
        assert self._go.wait(PATIENCE_S)

    def open(self) -> None:
        self._go.set()


def statements(audit: Audit) -> list[str]:
    """What the writer's connection runs from now on, by first words."""
    seen: list[str] = []
    audit._connection.set_trace_callback(lambda sql: seen.append(" ".join(sql.split()[:3])))
    return seen


def test_an_event_is_in_the_file_when_done_is_called(tmp_path: Path) -> None:
    """Another connection sees the row inside `done`, that is, before anybody is told."""
    path, seen = tmp_path / "room.db", []
    with opened(path) as audit:
        audit.submit([event(1)], lambda error: seen.append((error, ids(path))))
    assert seen == [(None, ["id-demo-e1-1"])]


def test_writer_commits_waiting_entries_at_once_and_in_order(tmp_path: Path) -> None:
    """A hundred submissions behind a busy writer: one COMMIT, then every `done` in the order of `submit`."""
    told: list[int] = []
    with opened(tmp_path / "room.db") as audit:
        gate = Admission(audit)
        for seq in range(1, 101):
            audit.submit([event(seq)], lambda _, seq=seq: told.append(seq))
        ran = statements(audit)
        gate.open()
        assert store(audit, []) is None
    assert told == list(range(1, 101))
    assert ran.count("COMMIT") == 1
    assert ids(tmp_path / "room.db") == [f"id-demo-e1-{seq}" for seq in range(101)]


def test_a_small_group_is_a_single_statement(tmp_path: Path) -> None:
    """Each statement has to win the GIL back from the event loop, so up to a limit there is exactly one."""
    with opened(tmp_path / "room.db") as audit:
        ran = statements(audit)
        assert store(audit, [event(seq) for seq in range(ROWS_A_STATEMENT)]) is None
    assert ran[:1] == ["INSERT INTO log"]
    assert ran.count("INSERT INTO log") == 1 and "COMMIT" not in ran


@pytest.mark.parametrize("many", [1, ROWS_A_STATEMENT, ROWS_A_STATEMENT + 1, 3 * ROWS_A_STATEMENT + 7])
def test_groups_of_any_size_are_stored_whole_and_in_order(tmp_path: Path, many: int) -> None:
    """No row is lost or moved where a group is cut into statements, and the chain goes on across them."""
    path = written(tmp_path / "room.db", [event(seq) for seq in range(many)])
    assert ids(path) == [f"id-demo-e1-{seq}" for seq in range(many)]
    assert verify(path).rows == many and verify(path).is_intact


def test_submit_is_safe_from_several_threads(tmp_path: Path) -> None:
    """Everything submitted by four threads at once is stored, each thread's rows in its own order."""
    path = tmp_path / "room.db"
    with opened(path) as audit:
        threads = [
            Thread(target=lambda room=room: [audit.submit([event(n, room=room)], lambda _: None) for n in range(100)])
            for room in "abcd"
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    stored = ids(path)
    for room in "abcd":
        assert [name for name in stored if f"-{room}-" in str(name)] == [f"id-{room}-e1-{n}" for n in range(100)]


def test_done_is_called_from_the_writers_thread(tmp_path: Path) -> None:
    """The event loop's thread never runs a callback inside `submit`."""
    names: list[str] = []
    with opened(tmp_path / "room.db") as audit:
        audit.submit([event(1)], lambda _: names.append(current_thread().name))
    assert names == ["labkit-audit"]


def test_a_full_disk_refuses_whole_submissions_and_heals(tmp_path: Path) -> None:
    """All that waits is told of the failure, nothing of it is stored, and it works again once there is space."""
    path, told = tmp_path / "room.db", []
    with opened(path) as audit:
        gate = Admission(audit)
        audit.fill()
        audit.submit([event(1)], told.append)
        audit.submit([event(seq) for seq in range(2, 500)], told.append)
        gate.open()
        error = store(audit, [event(seq) for seq in range(500, 1000)])
        assert "the disk is full" in str(error)
        assert [type(one) for one in told] == [AuditError, AuditError]
        audit.free()
        assert store(audit, [event(1)]) is None
    assert ids(path) == ["id-demo-e1-0", "id-demo-e1-1"]
    assert verify(path).is_intact


def test_abandoned_file_forgets_what_waits(tmp_path: Path) -> None:
    """As after `kill -9`: the commit under way ends, nothing behind it is stored, and nobody is called."""
    path, told = tmp_path / "room.db", []
    with opened(path) as audit:
        gate = Admission(audit)
        audit.submit([event(1)], told.append)
        Thread(target=lambda: (sleep(0.05), gate.open())).start()
        audit.abandon()
        audit.submit([event(2)], told.append)
    assert (told, ids(path)) == ([], ["id-demo-e1-0"])
    with opened(path) as audit:
        assert store(audit, [event(1)]) is None


def test_a_failed_commit_leaves_nothing_behind(tmp_path: Path) -> None:
    """The disk fails at the very last step: told as a failure, rolled back, and the numbering has no hole."""
    path = tmp_path / "room.db"
    with opened(path) as audit:
        gate = Admission(audit)
        audit._connection = FailsToCommit(audit._connection)  # type: ignore[assignment]
        gate.open()
        many = [event(seq) for seq in range(1, ROWS_A_STATEMENT + 2)]
        assert "disk I/O error" in str(store(audit, many))
        assert store(audit, many) is None
    assert ids(path) == [f"id-demo-e1-{seq}" for seq in range(ROWS_A_STATEMENT + 2)]
    assert verify(path).is_intact


class FailsToCommit:
    """A connection whose first COMMIT fails."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection, self._failed = connection, False

    def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
        if sql == "COMMIT" and not self._failed:
            self._failed = True
            raise sqlite3.OperationalError("disk I/O error")
        return self._connection.execute(sql, *values)

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def close(self) -> None:
        self._connection.close()


def test_unstorable_entry_fails_its_whole_submission(tmp_path: Path) -> None:
    """A number too large for SQLite takes down what was written before it; the next submission is stored."""
    path = tmp_path / "room.db"
    with opened(path) as audit:
        bad = [*(event(seq) for seq in range(ROWS_A_STATEMENT)), event(0)._replace(seq=2**70)]
        assert isinstance(store(audit, bad), AuditError)
        assert store(audit, [event(7)]) is None
    assert ids(path) == ["id-demo-e1-7"]


def test_half_a_character_is_stored_as_a_question_mark(tmp_path: Path) -> None:
    """A lone surrogate fits into no file; it must not make an event unstorable."""
    path = tmp_path / "room.db"
    written(path, [event(1), event(2)._replace(user="half \ud83d emoji")])
    with reading(path) as connection:
        assert connection.execute("SELECT user FROM log").fetchall() == [("ada",), ("half ? emoji",)]
    assert verify(path).is_intact


def test_raising_callback_does_not_affect_others(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The writer goes on, and the fault is logged."""

    def broken(_: BaseException | None) -> None:
        raise RuntimeError("loop is closed")

    with opened(tmp_path / "room.db") as audit, caplog.at_level(logging.ERROR):
        audit.submit([event(1)], broken)
        assert store(audit, [event(2)]) is None
    assert "a callback of the audit log failed" in caplog.text


def test_close_stores_waiting_entries_and_refuses_later_ones(tmp_path: Path) -> None:
    """Closing loses nothing, may be repeated, and leaves the whole log in the one file."""
    path, told = tmp_path / "room.db", []
    audit = Audit(path)
    for seq in range(200):
        audit.submit([event(seq)], told.append)
    audit.close()
    audit.close()
    assert told == [None] * 200
    assert b"id-demo-e1-199" in path.read_bytes()
    audit.submit([event(200)], told.append)
    assert "is closed" in str(told[-1])
    assert len(ids(path)) == 200


def test_the_chain_goes_on_when_the_file_is_opened_again(tmp_path: Path) -> None:
    """Rows of a second run follow from those of the first."""
    path = written(tmp_path / "room.db", [event(1)])
    written(path, [event(2), Entry(1000.0, "stop")])
    assert verify(path).rows == 3 and verify(path).is_intact

"""What a starting server learns from the file: rooms, repetitions, sessions, tickets, endings."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.rules.limits import Limits
from labkit.rules.messages import Since
from labkit.rules.rooms import Event, Membership, Room
from labkit.rules.session import Known
from labkit.wire.audit import recovery
from labkit.wire.audit.recovery import RecoveredClose, RecoveredRoom, RecoveredState, recover
from labkit.wire.audit.schema import AuditError
from labkit.wire.audit.writer import ROWS_A_INDEXING, Entry
from tests.wire.audit.files import event, opened, store, tamper, written

NOW = 2000.0
LIMITS = Limits(history_events=3, dedupe_s=100, dedupe_entries=5)


def recovered(path: Path, entries: list[Entry], limits: Limits = LIMITS, now: float = NOW) -> RecoveredState:
    """What is found after these rows were written, and one more at that time."""
    written(path, [*entries, Entry(now, "start")])
    with opened(path):
        return recover(path, limits, now)


def seqs(room: RecoveredRoom) -> list[int]:
    return [event.seq for event, _, _ in room.events]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "room.db"


def join(room: str, epoch: str | None, at: float = 1000.0) -> Entry:
    return Entry(at, "join", room=room, epoch=epoch, user="ada", connection="c1")


def test_a_new_file_has_no_past(path: Path) -> None:
    """The first start."""
    assert recovered(path, []) == RecoveredState([], [], {}, [], [], NOW)


def test_a_room_continues_its_epoch_and_seq_with_its_history(path: Path) -> None:
    """The newest events, oldest first, as the very bytes that members got."""
    (room,) = recovered(path, [event(seq) for seq in range(1, 8)]).rooms
    assert (room.room_id, room.epoch, room.seq, seqs(room)) == ("demo", "e1", 7, [5, 6, 7])
    assert room.events[-1] == (
        Event(7, "ada", "asked-7", b'{"id":"id-demo-e1-7","requestId":"asked-7","seq":7}'),
        1000.0,
        True,
    )


def test_rooms_do_not_mix(path: Path) -> None:
    """Three rooms written in turn, each with its own past."""
    rooms = recovered(path, [event(seq, room=name) for seq in range(1, 5) for name in ("a", "ab", "b")]).rooms
    assert [(room.room_id, room.seq, seqs(room)) for room in rooms] == [
        (name, 4, [2, 3, 4]) for name in ("a", "ab", "b")
    ]
    assert all(f"id-{room.room_id}-e1-" in str(room.events[0][0].body) for room in rooms)


def test_events_of_an_older_epoch_are_not_restored(path: Path) -> None:
    """The room was forgotten and began anew; what was before cannot be given as if nothing had happened."""
    (room,) = recovered(path, [event(1), event(2), event(1, epoch="e2")]).rooms
    assert (room.epoch, room.seq, seqs(room)) == ("e2", 1, [1])


def test_a_room_that_was_only_joined_keeps_its_epoch(path: Path) -> None:
    """A member that comes back after the restart missed nothing, so it must not be told of a gap."""
    rooms = recovered(path, [join("quiet", "e7"), event(1), join("demo", "e2")]).rooms
    assert rooms == [RecoveredRoom("quiet", "e7", 0, []), RecoveredRoom("demo", "e2", 0, [])]


def test_join_row_without_epoch_is_ignored(path: Path) -> None:
    """A row that does not say more than that somebody came."""
    assert recovered(path, [join("demo", None)]).rooms == []


def test_a_history_of_none_still_knows_the_seq(path: Path) -> None:
    """With history and deduplication off, seq continues all the same."""
    (room,) = recovered(path, [event(1), event(2)], Limits(history_events=0, dedupe_entries=0, dedupe_s=0)).rooms
    assert (room.seq, room.events) == (2, [])


def test_recovery_returns_recent_events_beyond_the_history(path: Path) -> None:
    """Older than the history and younger than `dedupe_s`: seqs 3 to 8; only 8 is in a history of one."""
    entries = [event(seq, at=NOW - 101.0 if seq < 3 else NOW - 99.0) for seq in range(1, 9)]
    (room,) = recovered(path, entries, Limits(history_events=1, dedupe_s=100)).rooms
    assert seqs(room) == [3, 4, 5, 6, 7, 8]


def test_an_old_history_is_given_once_beside_young_events(path: Path) -> None:
    """The border between old and young runs through the history: nothing twice, nothing missing."""
    entries = [event(seq, at=NOW - 500.0 if seq <= 4 else NOW) for seq in range(1, 6)]
    assert seqs(recovered(path, entries).rooms[0]) == [3, 4, 5]


def test_the_servers_own_request_ids_need_no_remembering(path: Path) -> None:
    """Where the sender chose none, the event's id stands for it."""
    entries = [event(1, request_id="id-demo-e1-1"), event(2)]
    assert [remember for _, _, remember in recovered(path, entries).rooms[0].events] == [False, True]


def test_a_restored_room_is_as_if_the_server_had_never_stopped(path: Path) -> None:
    """Resume without a gap, the next seq, and a repeated requestId recognised: with the real room."""
    limits = Limits(history_events=3, dedupe_s=100)
    (found,) = recovered(path, [event(seq, at=NOW - 10) for seq in range(1, 9)], limits).rooms
    room: Room[str] = Room("demo", "new", limits)
    for one, at, remember in found.events:
        room.restore_event(one, at, remember)
    room.restore(found.epoch, found.seq)
    missed = room.missed(Since("e1", 6), Membership("bob", "rw", NOW))
    assert ([one.seq for one in missed.events], missed.gap) == ([7, 8], False)
    assert room.missed(Since("e1", 1), Membership("bob", "rw", NOW)).gap
    assert room.next_seq() == 9
    said = room.find_repeated("ada", "asked-2", NOW)
    assert said is not None and said.seq == 2
    assert room.find_repeated("ada", "asked-2", NOW + 95) is None


def test_only_the_rooms_used_last_come_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as a running server would keep; the one idle longest comes first, so it is forgotten first."""
    monkeypatch.setattr("labkit.wire.audit.recovery.IDLE_ROOMS", 2)
    entries = [event(1, room="c"), event(1, room="a"), join("b", "e1"), event(2, room="a")]
    assert [room.room_id for room in recovered(path, entries).rooms] == ["b", "a"]


def test_spent_tickets_are_those_not_expired(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of expiry; an expired one is refused without having to be known."""
    monkeypatch.setattr("labkit.wire.audit.recovery.SPENT_KEPT", 1)
    entries = [
        Entry(1000.0, "ticket", id=f"t{at}", user="ada", expires_at=float(at)) for at in (2050, 2001, 2000, 1999)
    ]
    assert recovered(path, entries).spent_tickets == [("t2001", 2001.0), ("t2050", 2050.0)]


def test_the_newest_spent_tickets_are_known_when_expired(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock may be ahead at this start and right again afterwards: then they would open a second time."""
    monkeypatch.setattr("labkit.wire.audit.recovery.SPENT_KEPT", 2)
    entries = [Entry(1000.0, "ticket", id=f"t{at}", user="ada", expires_at=float(at)) for at in (1060, 1058, 1059)]
    assert recovered(path, entries, now=90_000.0).spent_tickets == [("t1059", 1059.0), ("t1060", 1060.0)]


def auth(session: str, user: str, expires_at: float) -> Entry:
    return Entry(1000.0, "auth", id=session, user=user, connection="c", expires_at=expires_at)


def test_sessions_are_those_not_expired_with_their_latest_expiry(path: Path) -> None:
    """Resume and refresh write the session again."""
    entries = [
        auth("s1", "ada", 2100.0),
        auth("s2", "bob", 1999.0),
        auth("s1", "ada", 2300.0),
        auth("s3", "bob", 2200.0),
    ]
    assert recovered(path, entries).sessions == {"s1": Known("ada", 2300.0), "s3": Known("bob", 2200.0)}


def test_a_session_stays_revoked_after_a_restart(path: Path) -> None:
    """A revocation covers the user's sessions begun before it, not those begun after, and nobody else's."""
    entries = [
        auth("old", "ada", 9000.0),
        auth("hers", "bob", 9000.0),
        Entry(1000.0, "revoke", user="ada"),
        auth("new", "ada", 9000.0),
    ]
    assert recovered(path, entries).sessions == {
        "old": Known("ada", 9000.0, is_revoked=True),
        "hers": Known("bob", 9000.0),
        "new": Known("ada", 9000.0),
    }


def test_revocations_are_known_in_the_order_of_their_rows(path: Path) -> None:
    """Whatever the clock said when they were written, and whether or not it says that they have expired."""
    entries = [
        Entry(at, "revoke", user=user, expires_at=at + 100, seq=seq, epoch=epoch, id=name)
        for at, user, seq, epoch, name in (
            (91_000.0, "ada", 1, None, None),
            (1800.0, "bob", 2, None, None),
            (1.0, "ada", 3, None, None),
            (1950.0, "cleo", None, "e1", "r4"),
        )
    ]
    assert recovered(path, entries).revoked == [
        ("ada", None, 1, None, 91_000.0),
        ("bob", None, 2, None, 1800.0),
        ("ada", None, 3, None, 1.0),
        ("cleo", "e1", None, "r4", 1950.0),
    ]


def test_the_newest_endings_are_known_for_previous_close(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oldest first, so that the oldest is forgotten first."""
    monkeypatch.setattr("labkit.wire.audit.recovery.CLOSES_KEPT", 2)
    entries = [
        Entry(1000.0 + n, "close", user="ada", connection=f"c{n}", body=f'{{"code":{code},"reason":"{reason}"}}')
        for n, (code, reason) in enumerate([(1000, "done"), (1013, "slow"), (4408, "no pong")])
    ]
    assert recovered(path, entries).closes == [
        RecoveredClose("c1", 1013, "slow", 1001.0),
        RecoveredClose("c2", 4408, "no pong", 1002.0),
    ]


def test_room_index_is_updated_while_running_and_at_start(path: Path) -> None:
    """Rows before, at and after the moment of indexing are all found, each once."""
    many = ROWS_A_INDEXING + 500
    with opened(path) as audit:
        for start in range(0, many, 100):
            assert store(audit, [event(seq) for seq in range(start, start + 100)]) is None
    assert indexed(path) in range(ROWS_A_INDEXING, many)
    with opened(path):
        (room,) = recover(path, Limits(history_events=many), NOW).rooms
        assert indexed(path) == many
    assert seqs(room) == list(range(many))


def indexed(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        value: int = connection.execute("SELECT value FROM meta WHERE name = 'indexed'").fetchone()[0]
        return value


def test_a_file_that_is_being_written_has_no_past_yet(path: Path) -> None:
    """Rooms could be missing from the index: refused, rather than answered wrongly."""
    with opened(path) as audit:
        assert store(audit, [event(1)]) is None
        with pytest.raises(AuditError, match="is already being written to"):
            recover(path, LIMITS, NOW)


def test_a_damaged_event_is_refused_with_the_way_out(path: Path) -> None:
    """A server does not start on a past that it cannot read."""
    written(path, [event(1)])
    tamper(path, "UPDATE log SET body = '{'")
    with opened(path), pytest.raises(AuditError, match=r"is damaged .*; see `labkit audit .* --verify`"):
        recover(path, LIMITS, NOW)


def test_a_long_file_costs_no_more_than_a_short_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty times the rows, the same work for SQLite: every question goes through an index."""
    for kept in ("SPENT_KEPT", "REVOCATIONS_KEPT"):
        monkeypatch.setattr(recovery, kept, 10)
    spent = {rows: work(tmp_path / f"{rows}.db", rows, monkeypatch) for rows in (1_000, 20_000)}
    assert spent[20_000] < 2 * spent[1_000]


def work(path: Path, rows: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Steps of SQLite's machine, in tens, to read the past of a file with so many old rows."""
    old = [
        entry
        for seq in range(rows // 5)
        for entry in (
            event(seq),
            Entry(1000.0, "auth", id=f"s{seq}", user="ada", connection="c", expires_at=1500.0),
            Entry(1000.0, "ticket", id=f"t{seq}", user="ada", expires_at=1500.0),
            Entry(1000.0, "revoke", user=f"user-{seq}", expires_at=1500.0),
            join("demo", "e1"),
        )
    ]
    written(path, [*old, Entry(NOW, "start")])
    steps = [0]

    @contextlib.contextmanager
    def counting(path: Path) -> Iterator[sqlite3.Connection]:
        with reading(path) as connection:
            connection.set_progress_handler(lambda: steps.__setitem__(0, steps[0] + 1), 10)
            yield connection

    reading = recovery.reading
    with opened(path), monkeypatch.context() as patch:
        patch.setattr(recovery, "reading", counting)
        assert seqs(recover(path, LIMITS, NOW).rooms[0])[-1] == rows // 5 - 1
    return steps[0]

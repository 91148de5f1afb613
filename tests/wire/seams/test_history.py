"""Your own class as the history of a server's rooms: what a returning member gets, and what happens when it raises."""

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labkit.rules.fields import Since
from labkit.rules.limits import Limits
from labkit.rules.rooms import Event, Membership, Missed
from labkit.wire.seams.history import OwnRoom, RoomMaker
from labkit.wire.server import Server
from tests.wire.raw import Raw, on_a_loop

READER, WRITER = Membership("ana", "rw", 0), Membership("ben", "w", 0)
GAP = Missed([], gap=True)


class Newest:
    """Claims that there is never a gap."""

    def __init__(self, epoch: str, keeps: int) -> None:
        self.given = epoch, keeps
        self.kept: deque[tuple[int, Event]] = deque(maxlen=keeps)
        self.asked: list[tuple[str, int]] = []

    def add(self, seq: int, event: Event) -> None:
        """Keep an event."""
        self.kept.append((seq, event))

    def since(self, epoch: str, seq: int) -> Any:
        """Return what is kept."""
        self.asked.append((epoch, seq))
        return [event for number, event in self.kept if number > seq], False


def keeping(made: list[Newest]) -> Callable[[str, int], Newest]:
    """Note every object that is made."""

    def new(epoch: str, keeps: int) -> Newest:
        made.append(Newest(epoch, keeps))
        return made[-1]

    return new


def event(seq: int) -> Event:
    return Event(seq, "ana" if seq % 2 else "ben", f"r{seq}", b"x" * seq)


def room_of(maker: RoomMaker, events: int = 4) -> OwnRoom[Any]:
    room = maker("room:a", "one", Limits().set({"history_events": 3}))
    assert isinstance(room, OwnRoom)
    for seq in range(1, events + 1):
        room.accept(event(seq), 0.0, remember=False)
        room.deliver(event(seq))
    return room


def test_class_decides_even_when_it_hides_a_gap() -> None:
    made: list[Newest] = []
    room = room_of(RoomMaker(keeping(made)))
    assert room.missed(Since("other", 0), READER) == Missed([event(2), event(3), event(4)], gap=False)
    assert (made[0].given, made[0].asked) == (("one", 3), [("other", 0)])


def test_first_join_does_not_ask_the_class() -> None:
    made: list[Newest] = []
    room = room_of(RoomMaker(keeping(made)))
    assert room.missed(None, READER) == Missed([], gap=False)
    assert made[0].asked == []


def test_server_still_protects_others_and_the_outbox() -> None:
    room = room_of(RoomMaker(Newest))
    assert room.missed(Since("one", 1), WRITER).events == [event(2), event(4)]
    assert room.missed(Since("one", 1), READER, max_bytes=8) == GAP
    assert len(room.missed(Since("one", 1), READER, max_bytes=9).events) == 3


def test_restored_events_go_to_an_object_of_their_epoch() -> None:
    made: list[Newest] = []
    room = RoomMaker(keeping(made))("room:a", "new", Limits())
    room.restore("old", 9)
    room.restore_event(event(9), 0.0, remember=False)
    assert made[-1].given[0] == "old"
    assert room.missed(Since("old", 8), READER).events == [event(9)]


@pytest.mark.parametrize("method", ["__init__", "add", "since"])
def test_fault_is_reported_once_and_answered_with_a_gap(method: str) -> None:
    def wrong(*_: Any) -> Any:
        raise KeyError("no such event")

    maker = RoomMaker(type("Mine", (Newest,), {method: wrong}))
    for _ in range(2):
        room = room_of(maker)
        assert [room.missed(Since("one", 1), READER) for _ in range(2)] == [GAP, GAP]
    (fault,) = maker.faults
    assert fault.startswith("Mine") and "KeyError" in fault


@pytest.mark.parametrize("answer", [None, [], 7, ([],), (None, False), (["text"], False), ([(1, "x")], False)])
def test_answer_that_is_no_pair_of_events_and_gap_is_a_fault(answer: Any) -> None:
    maker = RoomMaker(type("Mine", (Newest,), {"since": lambda *_: answer}))
    room = room_of(maker)
    assert room.missed(Since("one", 1), READER) == GAP
    assert maker.faults and maker.faults[0].startswith("Mine.since")


@on_a_loop
async def test_server_runs_the_class_and_reports_its_fault(tmp_path: Path) -> None:
    class Mine(Newest):
        def since(self, epoch: str, seq: int) -> Any:
            raise IndexError("too early")

    async with Server(port=0, history=Mine, audit=tmp_path / "a.db") as server:
        raw = await Raw.enter(server.url)
        raw.say(type="join", roomId="a", since={"epoch": "x", "seq": 0})
        assert (await raw.hear("joined"))["gap"] is True
        assert server.own_faults == ["Mine.since raised IndexError: too early"]

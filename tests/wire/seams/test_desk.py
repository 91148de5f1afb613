"""Your own class between the rooms and the audit file: what it decides, and what happens when it is wrong."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from labkit.wire.audit.reading import read
from labkit.wire.audit.writer import Audit, Entry
from labkit.wire.seams.desk import TICK_S, OwnDesk
from labkit.wire.seams.learners_class import OwnClass
from labkit.wire.server import Server


class Eager:
    """Delivers at once, and stores at the next commit."""

    def __init__(self, store: Callable[[Sequence[str]], None], tell: Callable[[str], None]) -> None:
        self.store, self.tell = store, tell
        self.waiting: list[str] = []

    def publish(self, event: str) -> None:
        """Deliver it."""
        self.tell(event)
        self.waiting.append(event)

    def commit(self) -> Any:
        """Store what was delivered."""
        batch, self.waiting = self.waiting, []
        if batch:
            self.store(batch)
        return []


class First(Eager):
    """Stores before it delivers."""

    def publish(self, event: str) -> None:
        """Let it wait."""
        self.waiting.append(event)

    def commit(self) -> Any:
        """Store, then deliver."""
        batch, self.waiting = self.waiting, []
        try:
            if batch:
                self.store(batch)
        except OSError:
            return batch
        for event in batch:
            self.tell(event)
        return []


class Played:
    """A desk at a real audit file, and what it led to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.audit = Audit(path)
        self.seen: list[str] = []
        self.queue: OwnDesk

    def open(self, kind: Callable[..., Any]) -> "Played":
        """Use this class."""
        self.own = OwnClass(kind)
        self.queue = OwnDesk(self.audit, self.own)
        return self

    def publish(self, name: str) -> None:
        """Publish an event."""
        entry = Entry(1.0, "event", room="r", seq=1, id=name, body=name)
        self.queue.then(entry, lambda: self.seen.append(name), lambda: self.seen.append(f"not {name}"))

    @property
    def stored(self) -> list[str]:
        """The events in the file."""
        return list(read(self.path)["body"])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Played]:
    played = Played(tmp_path / "room.db")
    yield played
    played.audit.close()


async def ticks(count: int = 3) -> None:
    await asyncio.sleep(count * TICK_S)


async def test_class_decides_when_an_event_is_delivered(desk: Played) -> None:
    desk.open(First)
    desk.publish("a")
    desk.publish("b")
    assert (desk.seen, desk.stored) == ([], [])
    await ticks()
    assert (desk.seen, desk.stored, desk.own.faults) == (["a", "b"], ["a", "b"], [])


async def test_eager_class_delivers_what_is_not_stored(desk: Played) -> None:
    desk.open(Eager).publish("a")
    assert (desk.seen, desk.stored) == (["a"], [])
    await desk.queue.empty()
    assert desk.stored == ["a"]


async def test_other_answers_wait_for_the_events_ahead(desk: Played) -> None:
    desk.open(First).publish("a")
    desk.queue.then(None, lambda: desk.seen.append("answer"))
    assert desk.seen == []
    await ticks()
    desk.queue.then(None, lambda: desk.seen.append("at once"))
    assert desk.seen == ["a", "answer", "at once"]


async def test_full_disk_refuses_events_until_it_has_space(desk: Played) -> None:
    desk.open(First)
    desk.audit.fill()
    desk.publish("x" * 10_000)
    await ticks()
    assert [text[:5] for text in desk.seen] == ["not x"]
    desk.audit.free()
    desk.publish("b")
    await ticks()
    assert (desk.seen[1:], desk.stored, desk.own.faults) == (["b"], ["b"], [])


async def test_desk_that_holds_events_back_stops_no_answer(desk: Played) -> None:
    class Never(First):
        def commit(self) -> Any:
            return []

    desk.open(Never).publish("a")
    desk.queue.then(Entry(2.0, "join"), lambda: desk.seen.append("joined"))
    await ticks()
    await desk.queue.empty()
    assert desk.seen == ["joined"]


async def test_store_of_a_killed_server_does_not_wait(desk: Played) -> None:
    desk.open(First).publish("a")
    desk.audit.abandon()
    await ticks()
    assert (desk.seen, desk.own.faults) == (["not a"], [])


def raises(*_: Any) -> Any:
    raise KeyError("mine")


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"__init__": raises}, "Wrong() raised KeyError: 'mine'"),
        ({"publish": raises}, "Wrong.publish raised KeyError: 'mine'"),
        ({"commit": raises}, "Wrong.commit raised KeyError: 'mine'"),
        ({"commit": lambda _: None}, "Wrong.commit must return a list of the events that were refused"),
        ({"commit": lambda _: [{}]}, "Wrong.commit must return a list of the events that were refused"),
        ({"commit": lambda _: ["b"]}, "Wrong.commit returned what does not wait to be stored: b"),
        (
            {"commit": lambda self: self.store(["b"])},
            "Wrong.commit raised ValueError: store was given what does not wait to be stored: b",
        ),
        (
            {"commit": lambda self: self.tell("b")},
            "Wrong.commit raised ValueError: tell was given what does not wait to be delivered: b",
        ),
    ],
)
async def test_fault_is_reported_and_events_are_refused(desk: Played, wrong: Any, fault: str) -> None:
    desk.open(type("Wrong", (First,), wrong)).publish("a")
    await ticks()
    desk.publish("c")
    assert (desk.seen, desk.own.faults) == (["not a", "not c"], [fault])


def test_desk_without_a_file_is_refused() -> None:
    with pytest.raises(ValueError, match="give audit="):
        Server(desk=First)

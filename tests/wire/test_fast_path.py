"""The two paths of an event to its members: what differs is the work, and only the work."""

import asyncio
from typing import Any

import pytest

from labkit.rules.limits import Limits
from labkit.rules.outbox import Offer
from labkit.wire.fast_path import FastPath, PlainPath
from labkit.wire.frames import text_frame
from labkit.wire.server import Server
from tests.wire.raw import TOKEN, Raw, on_a_loop, serving, text

SAID = {"type": "chat", "text": "é"}
BODY = '{"type":"chat","text":"é"}'.encode()


class Member:
    """A connection that keeps what it is offered, and counts how often it is flushed."""

    def __init__(self, answer: Offer = Offer.ACCEPTED) -> None:
        self.frames: list[bytes] = []
        self.flushes = 0
        self.is_due = False
        self.outgoing = self
        self._answer = answer

    def offer(self, frame: bytes) -> Offer:
        """Take it or not."""
        self.frames.append(frame)
        return self._answer

    def flush(self) -> None:
        """Write."""
        self.flushes += 1
        self.is_due = False


@pytest.mark.parametrize("path", [FastPath(), PlainPath()])
def test_both_paths_offer_the_same_and_return_those_who_overflowed(path: Any) -> None:
    """Everybody is offered the event, also behind one that overflows."""
    members = [Member(), Member(Offer.OVERFLOW), Member(), Member(Offer.OVERFLOW)]
    assert path.tell(members, SAID, BODY) == [members[1], members[3]]
    assert {frame for member in members for frame in member.frames} == {text_frame(BODY)}


def test_the_fast_path_builds_one_frame_and_the_plain_path_one_for_each() -> None:
    """The same bytes, once or many times."""
    for path, frames in ((FastPath(), 1), (PlainPath(), 50)):
        members: Any = [Member() for _ in range(50)]
        path.tell(members, SAID, BODY)
        assert len({id(frame) for member in members for frame in member.frames}) == frames


@on_a_loop
async def test_the_fast_path_flushes_once_a_tick_and_the_plain_path_at_once() -> None:
    """Offered a hundred times in one tick: one flush at its end, or a hundred. In the next tick, again."""
    fast, plain = FastPath(), PlainPath()
    for tick in (1, 2):
        quick: Any = Member()
        for _ in range(100):
            fast.offered(quick)
        assert quick.flushes == 0 and len(fast._due) == 1
        await asyncio.sleep(0)
        assert quick.flushes == 1, tick
    slow: Any = Member()
    for number in range(100):
        plain.offered(slow)
        assert slow.flushes == number + 1


@pytest.mark.parametrize(("fast_path", "writes"), [(True, 1), (False, 30)])
@on_a_loop
async def test_thirty_events_of_one_packet_are_one_write_to_each_member_or_thirty(fast_path: bool, writes: int) -> None:
    """Counted at the transport of a member that only listens; what arrives is the same."""
    async with serving(limits={"fast_path": fast_path}) as server:
        ann, bob = await Raw.enter(server.url, TOKEN, "a"), await Raw.enter(server.url, TOKEN, "a")
        connection = server.hub.connections[bob.ok["connectionId"]]
        written: list[bytes] = []
        write = connection.transport.write
        connection.transport.write = lambda data: (written.append(bytes(data)), write(data))[1]  # type: ignore[method-assign,func-returns-value]
        ann.send(b"".join(text({"type": "chat", "roomId": "a", "text": str(number)}) for number in range(30)))
        assert [said["text"] for said in await bob.hear_many(30)] == [str(number) for number in range(30)]
        assert len(written) == writes


@pytest.mark.parametrize(("fast_path", "path"), [(True, FastPath), (False, PlainPath)])
@on_a_loop
async def test_the_limit_chooses_the_path(fast_path: bool, path: type) -> None:
    """`--set fast_path=off`."""
    limits = Limits().set_lines([f"fast_path={'on' if fast_path else 'off'}"])
    async with Server(port=0, limits=limits) as server:
        assert type(server.hub.path) is path

"""The two paths of an event to its members: what differs is the work, and only the work."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from labkit.platform.sockets import NO_FD
from labkit.rules.limits import Limits
from labkit.wire.fast.path import BYTES_PER_TICK, TICK_S, FastPath, PlainPath
from labkit.wire.frames import text_frame
from labkit.wire.server import Server
from tests.wire.raw import TOKEN, Raw, serving, text

SAID = {"type": "chat", "text": "é"}
BODY = '{"type":"chat","text":"é"}'.encode()


class SendQueue:
    """Of a connection that goes through its transport."""

    fd = NO_FD


class Member:
    """A connection that keeps what it is told, and counts how often it writes."""

    send_queue = SendQueue()

    def __init__(self, on_write: Callable[[], None] = lambda: None) -> None:
        self.due: list[bytes] = []
        self.frames: list[bytes] = []
        self.writes = 0
        self._on_write = on_write

    def write_due(self) -> None:
        """Write."""
        self.writes += 1
        self.frames += self.due
        self.due.clear()
        self._on_write()


@pytest.mark.parametrize("path", [FastPath, PlainPath])
async def test_both_paths_send_the_same_bytes_in_the_same_order(path: Any) -> None:
    """Events of two rooms and an answer of its own between them, for a member of both."""
    way, members = path(), [Member() for _ in range(4)]
    both: Any = members[1]
    way.broadcast(members[:2], SAID, BODY)
    way.send(both, b"answer")
    way.broadcast(members[1:], SAID | {"n": 2}, b'{"type":"chat","text":"\xc3\xa9","n":2}')
    way.broadcast(members[:2], SAID, BODY)
    await asyncio.sleep(0)
    first, second = text_frame(BODY), text_frame(b'{"type":"chat","text":"\xc3\xa9","n":2}')
    assert [member.frames for member in members] == [
        [first, first],
        [first, b"answer", second, first],
        [second],
        [second],
    ]


async def test_fast_path_builds_one_frame_plain_path_one_per_member() -> None:
    """The same bytes, once or many times."""
    for path, frames in ((FastPath(), 1), (PlainPath(), 50)):
        members: Any = [Member() for _ in range(50)]
        path.broadcast(members, SAID, BODY)
        await asyncio.sleep(0)
        assert len({id(frame) for member in members for frame in member.frames}) == frames


async def test_fast_path_writes_once_per_tick_plain_path_at_once() -> None:
    """Told a hundred times in one tick: one write at its end, or a hundred. In the next tick, again."""
    fast, plain = FastPath(), PlainPath()
    quick: Any = Member()
    for tick in (1, 2):
        for _ in range(50):
            fast.send(quick, b"x")
            fast.broadcast([quick], SAID, BODY)
        assert quick.writes == tick - 1
        await asyncio.sleep(0)
        assert quick.writes == tick and len(quick.frames) == 100 * tick
    slow: Any = Member()
    for number in range(100):
        plain.send(slow, b"x")
        assert slow.writes == number + 1


async def test_very_much_in_one_tick_does_not_wait_for_its_end() -> None:
    """What is due is kept once for each tick; beyond some bytes it is written at once."""
    path, member = FastPath(), Member()
    quick: Any = member
    path.send(quick, b"x" * BYTES_PER_TICK)
    assert member.writes == 0
    path.send(quick, b"x")
    assert member.writes == 1 and len(member.frames) == 2


async def test_room_of_5000_delays_no_other_room() -> None:
    """A write costs 6 us of a clock that only writes move: no tick is longer than 10 ms, and a small room need not
    wait until a large one is done. Everybody has everything at the end, in order."""
    now = [0.0]

    def write() -> None:
        now[0] += 6e-6

    path = FastPath(lambda: now[0])
    large: Any = [Member(write) for _ in range(5_000)]
    small: Any = [Member(write) for _ in range(20)]
    first_heard_at = None
    for body in (b"1", b"2"):
        path.broadcast(large, SAID, body)
        path.broadcast(small, SAID, body)
        for _ in range(3):
            before = now[0]
            await asyncio.sleep(0)
            assert now[0] - before < TICK_S + 64 * 6e-6 + 1e-9 < 0.010
            if first_heard_at is None and all(member.frames for member in small):
                first_heard_at = now[0]
    while any(member.due for member in large):
        before = now[0]
        await asyncio.sleep(0)
        assert 0 < now[0] - before < 0.010
    assert first_heard_at is not None and first_heard_at < 0.005  # of 0.060
    assert all(member.frames == [text_frame(b"1"), text_frame(b"2")] for member in [*large, *small])


class Counting:
    """A transport that counts what is written to it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self.writes += 1
        self._transport.write(data)


@pytest.mark.parametrize(("fast_path", "writes"), [(True, 1), (False, 30)])
async def test_thirty_events_in_one_packet_are_one_write_or_thirty(fast_path: bool, writes: int) -> None:
    """Counted at the transport of a member that only listens; what arrives is the same."""
    async with serving(limits={"fast_path": fast_path}) as server:
        ann, bob = await Raw.enter(server.url, TOKEN, "a"), await Raw.enter(server.url, TOKEN, "a")
        connection = server.hub.state.connections[bob.ok["connectionId"]]
        counting = Counting(connection.transport)
        connection.send_queue.start(counting)  # type: ignore[arg-type]
        ann.send(b"".join(text({"type": "chat", "roomId": "a", "text": str(number)}) for number in range(30)))
        assert [said["text"] for said in await bob.hear_many(30)] == [str(number) for number in range(30)]
        assert counting.writes == writes


@pytest.mark.parametrize(("fast_path", "path"), [(True, FastPath), (False, PlainPath)])
async def test_the_limit_chooses_the_path(fast_path: bool, path: type) -> None:
    """`--set fast_path=off`."""
    limits = Limits().set_lines([f"fast_path={'on' if fast_path else 'off'}"])
    async with Server(port=0, limits=limits) as server:
        assert type(server.hub.state.path) is path

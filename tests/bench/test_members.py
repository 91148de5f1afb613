"""Members of anybody's room: what they measure, how their connections end, and what is left after a refusal."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import websockets
from websockets.asyncio.server import ServerConnection

from labkit.bench.members import NAMES, ROOM, Members, entered
from labkit.samples import Store

TOKEN = "blue-whale-44"


class Room:
    """A server for one room. `sockets`: who has joined, in that order; `most`: how many it admits."""

    def __init__(self, most: int) -> None:
        self.sockets: list[ServerConnection] = []
        self.opened = self.ended = 0
        self._most = most

    async def handle(self, socket: ServerConnection) -> None:
        self.opened += 1
        assert json.loads(await socket.recv()) == {"type": "auth", "token": TOKEN}
        await socket.send('{"type": "auth_ok"}')
        assert json.loads(await socket.recv()) == {"type": "join", "roomId": ROOM}
        if len(self.sockets) < self._most:
            self.sockets.append(socket)
            await socket.send('{"type": "joined"}')
            await socket.wait_closed()
        self.ended += 1


@asynccontextmanager
async def serving(most: int = 9) -> AsyncIterator[tuple[Room, str]]:
    room = Room(most)
    async with websockets.serve(room.handle, "127.0.0.1", 0) as server:
        yield room, f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def until(store: Store, name: str, value: float | None = None) -> None:
    """Wait for a sample, or for one of this value."""
    async with asyncio.timeout(10):
        while not (values := store.window(name).values) or (value is not None and values[-1] != value):
            await asyncio.sleep(0.02)


async def test_members_measure_until_the_server_closes_them() -> None:
    """One is closed, and the others stay and go on."""
    store = Store()
    async with serving() as (room, url):
        async with Members(url, TOKEN, store) as members:
            for name in NAMES:
                await until(store, f"round trip ms: {name}")
            await until(store, "connected: room:demo", 3)
            await room.sockets[1].close(1013, "slow")
            await until(store, "connected: room:demo", 2)
            counted = len(store.window("round trip ms: ana").values)
            await until(store, "connected: room:demo", 2)
            assert members.closes == {"ana": None, "ben": 1013, "cleo": None}
            while len(store.window("round trip ms: ana").values) == counted:
                await asyncio.sleep(0.02)
        assert members.closes == {"ana": None, "ben": 1013, "cleo": None}
    assert 0 < store.window("round trip ms: ana").values[0] < 5000


async def test_members_refused_at_the_door_leave_no_connection_or_task() -> None:
    before = asyncio.all_tasks()
    async with serving(most=2) as (room, url):
        with pytest.raises(websockets.ConnectionClosed):
            async with Members(url, TOKEN, Store()):
                raise AssertionError("the third was let in")
        async with asyncio.timeout(10):
            while room.ended < 3:
                await asyncio.sleep(0.02)
        assert room.opened == 3
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_members_whose_server_is_gone_say_so() -> None:
    async with serving() as (_, url):
        pass
    with pytest.raises(OSError, match=r"[Cc]onnect"):
        async with Members(url, TOKEN, Store()):
            raise AssertionError("somebody answered")


async def test_entering_returns_the_types_of_both_answers() -> None:
    async with serving() as (_, url), websockets.connect(url) as socket:
        assert await entered(socket, TOKEN) == ["auth_ok", "joined"]

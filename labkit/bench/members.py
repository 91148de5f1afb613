"""Members of a room on somebody's server: they stay until their connections end, and measure.

    async with Members(url, token, store) as members:
        await panel.live(seconds=5)
    members.closes          # {"ana": 1001, "ben": None, "cleo": None}; None: open until we left

Each authenticates, joins the room and pings ten times per second. The store receives `round trip ms: NAME` and
`connected: room:demo`. They send nothing else, and never reconnect: a client of the kit is in `labkit.wire.client`.
"""

import asyncio
import json
from collections.abc import Iterable
from contextlib import AsyncExitStack, suppress
from time import monotonic
from typing import Any, Self

import websockets
from websockets.asyncio.client import ClientConnection

from labkit.samples import Store

NAMES = ("ana", "ben", "cleo")
ROOM = "room:demo"
EVERY_S = 0.1
ENTER_S = 5.0


class Members:
    """Some members of one room. `closes`: the code with which the server closed each, None while it is connected."""

    def __init__(self, url: str, token: str, store: Store, names: Iterable[str] = NAMES) -> None:
        self.closes: dict[str, int | None] = dict.fromkeys(names)
        self._url, self._token, self._store = url, token, store
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Connect all of them. Raises OSError, TimeoutError or ConnectionClosed if the server refuses one."""
        async with AsyncExitStack() as stack:
            sockets = {}
            for name in self.closes:
                socket = await stack.enter_async_context(websockets.connect(self._url, proxy=None, ping_interval=None))
                await entered(socket, self._token)
                sockets[name] = socket
            tasks = [asyncio.create_task(self._stay(name, socket)) for name, socket in sockets.items()]
            stack.push_async_callback(_ended, [*tasks, asyncio.create_task(self._count())])
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _stay(self, name: str, socket: ClientConnection) -> None:
        try:
            while True:
                began = monotonic()
                await (await socket.ping())
                self._store.add(f"round trip ms: {name}", 1000 * (monotonic() - began))
                await asyncio.sleep(EVERY_S)
        except websockets.ConnectionClosed:
            self.closes[name] = socket.close_code

    async def _count(self) -> None:
        while True:
            self._store.add(f"connected: {ROOM}", sum(code is None for code in self.closes.values()))
            await asyncio.sleep(EVERY_S)


async def entered(socket: ClientConnection, token: str, room: str = ROOM) -> list[str]:
    """Authenticate and join a room; return the types of both answers. Raises TimeoutError and ConnectionClosed."""
    messages: tuple[dict[str, Any], ...] = ({"type": "auth", "token": token}, {"type": "join", "roomId": room})
    for message in messages:
        await socket.send(json.dumps(message))
    async with asyncio.timeout(ENTER_S):
        return [json.loads(await socket.recv())["type"] for _ in messages]


async def _ended(tasks: "list[asyncio.Task[None]]") -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task

"""A hop: a reverse proxy of the usual kind, which ends each WebSocket and opens one of its own to the server.

    async with Hop(lab.url) as hop:
        client = labkit.connect(hop.url, ticket)
        hop.held_bytes                  # taken from the server, and not yet by the client

It passes every message, and hides three things, as proxies that speak WebSocket do: it answers pings by itself, it
closes without the code and the reason that it was told, and it reads from the server as fast as the server writes.
Taught in notebooks 05 (heartbeat) and 06 (slow consumers).
"""

import asyncio
import socket
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import websockets
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import Server, ServerConnection, serve

SEND_BUFFER_BYTES = 128 * 1024
QUIET: dict[str, Any] = {"compression": None, "ping_interval": None, "max_size": None, "close_timeout": 1}


class Hop:
    """One hop in front of the server at `server_url`."""

    def __init__(self, server_url: str) -> None:
        self.server_url = server_url
        self.held_bytes = 0
        self._server: Server | None = None
        self._clients: set[ServerConnection] = set()  # those that are closing too, which the library's list leaves out

    @property
    def url(self) -> str:
        """Where clients connect."""
        if self._server is None:
            raise RuntimeError("this hop was not started; use `async with Hop(url) as hop`")
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await serve(self._carry, "127.0.0.1", 0, **QUIET)
        for listener in self._server.sockets:  # what it accepts inherits it: the kernel's share small, ours counted
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            for client in self._clients:
                client.transport.abort()
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _carry(self, client: ServerConnection) -> None:
        """One client, until either side ends; then the other is closed, without a word of why."""
        self._clients.add(client)
        try:
            await self._carry_between(client)
        finally:
            self._clients.discard(client)

    async def _carry_between(self, client: ServerConnection) -> None:
        async with websockets.connect(self.server_url, max_queue=None, proxy=None, **QUIET) as server:
            ways = [asyncio.create_task(self._up(client, server)), asyncio.create_task(self._down(server, client))]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for side in (client, server):
                await _close_without_a_word(side)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _up(self, client: Connection, server: Connection) -> None:
        async for message in client:
            await server.send(message)

    async def _down(self, server: ClientConnection, client: ServerConnection) -> None:
        """Take whatever comes at once; give it when the client takes it."""
        taken: asyncio.Queue[str | bytes] = asyncio.Queue()
        giving = asyncio.create_task(self._give(taken, client))
        try:
            async for message in server:
                self.held_bytes += len(message)
                taken.put_nowait(message)
        finally:
            giving.cancel()
            self.held_bytes -= sum(len(taken.get_nowait()) for _ in range(taken.qsize()))

    async def _give(self, taken: "asyncio.Queue[str | bytes]", client: ServerConnection) -> None:
        while True:
            message = await taken.get()
            try:
                await client.send(message)
            finally:
                self.held_bytes -= len(message)


async def _close_without_a_word(side: Connection) -> None:
    """A close frame with neither code nor reason: the other end sees 1005."""
    with suppress(websockets.ConnectionClosed, TimeoutError):
        async with asyncio.timeout(QUIET["close_timeout"]), side.send_context():
            side.protocol.send_close()

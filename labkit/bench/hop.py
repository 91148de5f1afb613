"""A hop: a typical reverse proxy, which terminates each WebSocket and opens its own to the server.

    async with Hop(lab.url) as hop:
        client = labkit.connect(hop.url, ticket)
        hop.held_bytes                  # read from the server, but not yet sent to the client

Like other proxies that terminate WebSockets, it passes on every message but hides three things: it answers pings
itself, it drops close codes and reasons, and it reads from the server as fast as the server writes.
"""

import asyncio
import socket
from contextlib import suppress
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
        self._clients: set[ServerConnection] = (
            set()
        )  # also those that are closing, which the library's own set leaves out

    @property
    def url(self) -> str:
        """The address that clients connect to."""
        if self._server is None:
            raise RuntimeError("this hop was not started; use `async with Hop(url) as hop`")
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await serve(self._carry, "127.0.0.1", 0, **QUIET)
        for (
            listener
        ) in self._server.sockets:  # accepted sockets inherit it: little in the kernel, the rest in held_bytes
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            for client in self._clients:
                client.transport.abort()
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _carry(self, client: ServerConnection) -> None:
        """Relay one client's traffic until either side ends, then close the other side without a code."""
        self._clients.add(client)
        try:
            await self._carry_between(client)
        finally:
            self._clients.discard(client)

    async def _carry_between(self, client: ServerConnection) -> None:
        async with websockets.connect(self.server_url, max_queue=None, proxy=None, **QUIET) as server:
            directions = [
                asyncio.create_task(self._up(client, server)),
                asyncio.create_task(self._down(server, client)),
            ]
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
            for side in (client, server):
                await _close_without_code(side)
            for direction in directions:
                direction.cancel()
            await asyncio.gather(*directions, return_exceptions=True)

    async def _up(self, client: Connection, server: Connection) -> None:
        async for message in client:
            await server.send(message)

    async def _down(self, server: ClientConnection, client: ServerConnection) -> None:
        """Read everything from the server at once, and send it on when the client is ready."""
        held: asyncio.Queue[str | bytes] = asyncio.Queue()
        sending = asyncio.create_task(self._send(held, client))
        try:
            async for message in server:
                self.held_bytes += len(message)
                held.put_nowait(message)
        finally:
            sending.cancel()
            self.held_bytes -= sum(len(held.get_nowait()) for _ in range(held.qsize()))

    async def _send(self, held: "asyncio.Queue[str | bytes]", client: ServerConnection) -> None:
        while True:
            message = await held.get()
            try:
                await client.send(message)
            finally:
                self.held_bytes -= len(message)


async def _close_without_code(side: Connection) -> None:
    """Send a close frame with neither code nor reason; the other end sees 1005."""
    with suppress(websockets.ConnectionClosed, TimeoutError):
        async with asyncio.timeout(QUIET["close_timeout"]), side.send_context():
            side.protocol.send_close()

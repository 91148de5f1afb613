"""The four ways of bench.transports.compare, each opened as `async with way(hear) as opened`.

Every byte passes a proxy that only counts. Needs the extra `lab`.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import connect

from labkit.bench.transports.http_peers import HttpPeer
from labkit.faults import Proxy
from labkit.rules.limits import Limits
from labkit.wire.server import Server

POLL_S, RELOAD_S = 0.5, 1.5
ROOM = "room:updates"

Update = dict[str, Any]
Heard = Callable[[Update], None]


@dataclass
class Way:
    """One option while it is measured: how to publish, and what has been counted so far; a request when answered."""

    publish: Callable[[Update], Awaitable[None]]
    requests: Callable[[], int]
    proxy: Proxy

    def bytes(self) -> int:
        """Both ways, since the beginning."""
        return sum(each.bytes_up + each.bytes_down for each in self.proxy.connections)


@asynccontextmanager
async def _websocket(hear: Heard) -> AsyncIterator[Way]:
    """A member of a room; the application publishes from the same machine, past the proxy."""
    limits = Limits(messages_per_s=None)
    async with (
        Server("127.0.0.1", 0, limits=limits) as server,
        Proxy(server.url) as proxy,
        _member(server.url) as application,
        _member(proxy.url) as screen,
    ):

        async def listen() -> None:
            async for raw in screen:
                message = json.loads(raw)
                if message["type"] == "chat":
                    hear(json.loads(message["text"]))

        async def publish(update: Update) -> None:
            await application.send(json.dumps({"type": "chat", "roomId": ROOM, "text": json.dumps(update)}))

        async with _running(listen()):
            yield Way(publish, lambda: len(proxy.connections), proxy)


@asynccontextmanager
async def _member(url: str) -> AsyncIterator[Any]:
    # The application does not read what it hears; a full queue would hold up the answer to its close for ten seconds.
    async with connect(url, compression=None, proxy=None, ping_interval=None, max_queue=None) as socket:
        for message in ({"type": "auth", "token": "dev-token"}, {"type": "join", "roomId": ROOM}):
            await socket.send(json.dumps(message))
            await socket.recv()
        yield socket


@asynccontextmanager
async def _server_sent_events(hear: Heard) -> AsyncIterator[Way]:
    async with HttpPeer() as peer, Proxy(f"http://127.0.0.1:{peer.port}") as proxy:

        async def listen() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", _port(proxy))
            try:
                writer.write(b"GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
                async for line in reader:
                    if line.startswith(b"data: "):
                        hear(json.loads(line.removeprefix(b"data: ")))
            finally:
                writer.close()

        async with _running(listen()):
            await asyncio.sleep(0.2)  # until the stream is open
            yield Way(peer.publish, lambda: peer.requests, proxy)


@asynccontextmanager
async def _polling(hear: Heard) -> AsyncIterator[Way]:
    async with _asking(hear, POLL_S, lambda seen: f"/updates?after={seen}") as way:
        yield way


@asynccontextmanager
async def _reloading(hear: Heard) -> AsyncIterator[Way]:
    async with _asking(hear, RELOAD_S, lambda _: "/page") as way:
        yield way


@asynccontextmanager
async def _asking(hear: Heard, every_s: float, path: Callable[[int], str]) -> AsyncIterator[Way]:
    """Ask again and again on one kept connection, as a browser does."""
    async with HttpPeer() as peer, Proxy(f"http://127.0.0.1:{peer.port}") as proxy:
        connection = HTTPConnection("127.0.0.1", _port(proxy))
        answered = 0

        def ask(seen: int) -> list[Update]:
            connection.request("GET", path(seen))
            return list(json.loads(connection.getresponse().read()))

        async def listen() -> None:
            nonlocal answered
            seen: set[int] = set()
            while True:
                updates = await asyncio.to_thread(ask, len(seen))
                answered += 1
                for update in updates:
                    seen.add(update["n"])
                    hear(update)
                await asyncio.sleep(every_s)

        try:
            async with _running(listen()):
                yield Way(peer.publish, lambda: answered, proxy)
        finally:
            connection.close()


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Something in the background, for as long as the block lasts. Its failure is the block's."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _port(proxy: Proxy) -> int:
    return urlsplit(proxy.url).port or 0


WAYS: dict[str, Callable[[Heard], AbstractAsyncContextManager[Way]]] = {
    "WebSocket": _websocket,
    "server-sent events": _server_sent_events,
    f"polling every {POLL_S} s": _polling,
    f"HTTP, reload every {RELOAD_S} s": _reloading,
}

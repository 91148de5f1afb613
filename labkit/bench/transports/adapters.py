"""The four transports, each opened as `async with open_transport(on_update) as transport`. Needs the extra `lab`.

Every byte passes through a proxy that counts it. The HTTP server in this module is the alternative to a WebSocket:

    GET /page              everything so far, as a page would contain it
    GET /updates?after=N   the updates after the Nth
    GET /events            an endless answer with an event per update (EventSource in a browser)
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, Self
from urllib.parse import urlsplit

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from websockets.asyncio.client import connect

from labkit.faults import Proxy
from labkit.rules.limits import Limits
from labkit.wire.server import Server

POLL_S, RELOAD_S = 0.5, 1.5
ROOM = "room:updates"

Update = dict[str, Any]
OnUpdate = Callable[[Update], None]


class HttpUpdates:
    """The HTTP server. The application calls `publish` when something changes."""

    def __init__(self) -> None:
        self.updates: list[Update] = []
        self.requests = 0
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        handlers = {"page": _Page, "updates": _Updates, "events": _Events}
        routes: list[Any] = [(f"/{name}", handler, {"source": self}) for name, handler in handlers.items()]
        sockets = bind_sockets(0, "127.0.0.1")
        self.port = int(sockets[0].getsockname()[1])
        self._server = HTTPServer(Application(routes))
        self._server.add_sockets(sockets)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.stop()
        await self._server.close_all_connections()

    async def publish(self, update: Update) -> None:
        """Add an update, and wake the requests that wait for one."""
        async with self._news:
            self.updates.append(update)
            self._news.notify_all()

    async def after(self, seen: int) -> list[Update]:
        """Wait for updates after the first `seen`, and return them."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.updates) > seen)
            return self.updates[seen:]


class _Handler(RequestHandler):
    def initialize(self, source: HttpUpdates) -> None:
        self.source = source
        source.requests += 1


class _Page(_Handler):
    def get(self) -> None:
        self.write(json.dumps(self.source.updates))


class _Updates(_Handler):
    def get(self) -> None:
        self.write(json.dumps(self.source.updates[int(self.get_argument("after")) :]))


class _Events(_Handler):
    async def get(self) -> None:
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        await self.flush()
        seen = 0
        while True:
            for update in await self.source.after(seen):
                seen += 1
                self.write(f"id: {seen}\ndata: {json.dumps(update)}\n\n")
            await self.flush()


@dataclass
class Transport:
    """One transport while it is measured. `requests` counts answered requests so far."""

    publish: Callable[[Update], Awaitable[None]]
    requests: Callable[[], int]
    proxy: Proxy

    def bytes(self) -> int:
        """The number of bytes sent in both directions so far."""
        return sum(each.bytes_up + each.bytes_down for each in self.proxy.connections)


@asynccontextmanager
async def _websocket(on_update: OnUpdate) -> AsyncIterator[Transport]:
    """Open a room with two members: the screen, and the application, which bypasses the proxy."""
    limits = Limits(messages_per_s=None)
    async with (
        Server("127.0.0.1", 0, limits=limits) as server,
        Proxy(server.url) as proxy,
        _member(server.url) as application,
        _member(proxy.url) as screen,
    ):

        async def read() -> None:
            async for raw in screen:
                message = json.loads(raw)
                if message["type"] == "chat":
                    on_update(json.loads(message["text"]))

        async def publish(update: Update) -> None:
            await application.send(json.dumps({"type": "chat", "roomId": ROOM, "text": json.dumps(update)}))

        async with _running(read()):
            yield Transport(publish, lambda: len(proxy.connections), proxy)


@asynccontextmanager
async def _member(url: str) -> AsyncIterator[Any]:
    # The application reads nothing, and a full queue would delay the answer to its close by ten seconds.
    async with connect(url, compression=None, proxy=None, ping_interval=None, max_queue=None) as socket:
        for message in ({"type": "auth", "token": "dev-token"}, {"type": "join", "roomId": ROOM}):
            await socket.send(json.dumps(message))
            await socket.recv()
        yield socket


@asynccontextmanager
async def _server_sent_events(on_update: OnUpdate) -> AsyncIterator[Transport]:
    async with HttpUpdates() as source, Proxy(f"http://127.0.0.1:{source.port}") as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", _port(proxy))

        async def read() -> None:
            async for line in reader:
                if line.startswith(b"data: "):
                    on_update(json.loads(line.removeprefix(b"data: ")))

        try:
            writer.write(b"GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")  # so that opening the stream is not measured
            async with _running(read()):
                yield Transport(source.publish, lambda: source.requests, proxy)
        finally:
            writer.close()


def _polling(on_update: OnUpdate) -> AbstractAsyncContextManager[Transport]:
    return _requesting(on_update, POLL_S, lambda seen: f"/updates?after={seen}")


def _reloading(on_update: OnUpdate) -> AbstractAsyncContextManager[Transport]:
    return _requesting(on_update, RELOAD_S, lambda _: "/page")


@asynccontextmanager
async def _requesting(on_update: OnUpdate, every_s: float, path: Callable[[int], str]) -> AsyncIterator[Transport]:
    """Send requests at an interval on one keep-alive connection, as a browser does."""
    async with HttpUpdates() as source, Proxy(f"http://127.0.0.1:{source.port}") as proxy:
        connection = HTTPConnection("127.0.0.1", _port(proxy))
        answered = 0

        def request(seen: int) -> list[Update]:
            connection.request("GET", path(seen))
            return list(json.loads(connection.getresponse().read()))

        async def read() -> None:
            nonlocal answered
            seen: set[int] = set()
            while True:
                updates = await asyncio.to_thread(request, len(seen))
                answered += 1
                for update in updates:
                    seen.add(update["n"])
                    on_update(update)
                await asyncio.sleep(every_s)

        try:
            async with _running(read()):
                yield Transport(source.publish, lambda: answered, proxy)
        finally:
            connection.close()


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run a task while the block runs. If the task fails, its error is raised at the end of the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _port(proxy: Proxy) -> int:
    return urlsplit(proxy.url).port or 0


TRANSPORTS: dict[str, Callable[[OnUpdate], AbstractAsyncContextManager[Transport]]] = {
    "WebSocket": _websocket,
    "server-sent events": _server_sent_events,
    f"polling every {POLL_S} s": _polling,
    f"reload every {RELOAD_S} s": _reloading,
}

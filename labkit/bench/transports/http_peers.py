"""What one would use instead of a WebSocket, on tornado: a page, a list to poll, and a stream of server-sent events.

    GET /page      everything so far, as a page would hold it
    GET /updates?after=N   what came after the Nth update
    GET /events    an endless answer, an event each time something happens (EventSource in a browser)

Only for the comparison in notebook 00. Needs the extra `lab`.
"""

import asyncio
import json
from types import TracebackType
from typing import Any, Self

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

Update = dict[str, Any]


class HttpPeer:
    """The server. `publish` is what the application does when something changes."""

    def __init__(self) -> None:
        self.updates: list[Update] = []
        self.requests = 0
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        routes: list[Any] = [(f"/{name}", handler, {"peer": self}) for name, handler in HANDLERS.items()]
        sockets = bind_sockets(0, "127.0.0.1")
        self.port = int(sockets[0].getsockname()[1])
        self._server = HTTPServer(Application(routes))
        self._server.add_sockets(sockets)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
        await self._server.close_all_connections()

    async def publish(self, update: Update) -> None:
        """Something happened."""
        async with self._news:
            self.updates.append(update)
            self._news.notify_all()

    async def after(self, seen: int) -> list[Update]:
        """What came after the first `seen`, as soon as there is something."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.updates) > seen)
            return self.updates[seen:]


class _Handler(RequestHandler):
    def initialize(self, peer: HttpPeer) -> None:
        self.peer = peer
        peer.requests += 1


class _Page(_Handler):
    def get(self) -> None:
        self.write(json.dumps(self.peer.updates))


class _Updates(_Handler):
    def get(self) -> None:
        self.write(json.dumps(self.peer.updates[int(self.get_argument("after")) :]))


class _Events(_Handler):
    async def get(self) -> None:
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        await self.flush()
        seen = 0
        while True:
            for update in await self.peer.after(seen):
                seen += 1
                self.write(f"id: {seen}\ndata: {json.dumps(update)}\n\n")
            await self.flush()


HANDLERS = {"page": _Page, "updates": _Updates, "events": _Events}

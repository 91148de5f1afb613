"""A deliberately odd but correct room server: other names, limits, codes and order than labkit's, and no danger.

It greets first, answers faults instead of closing, lets a client try a password three times, allows rooms with names of
80 letters and messages of 16 KiB, and answers a subscription only after a moment, so that later answers overtake it.
"""

import asyncio
import json
import re
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from websockets.asyncio.server import Request, Response, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

PASSWORD = "open sesame, please"
ROOM = re.compile(r"[a-z0-9.-]{6,80}")
MOST_BYTES, MOST_TEXT, MOST_WAITING = 16 * 1024, 400, 200_000
GREETED_S, TRIES = 6.0, 3
DIALECT = """
path = "/socket"
subprotocol = "odd.v2"
room = "lobby-$ID-$NAME"

[headers]
X-Client = "review"

[types]
auth = "hello"
auth_ok = "hi"
join = "watch"
joined = "watching"
chat = "say"
ping = "beat"
pong = "beaten"
error = "oops"

[fields]
type = "op"
token = "password"
roomId = "data.lobby"
text = "data.words"
userId = "by"

[known.chat]
op = "said"

[without]
meaning = ["news"]

[limits]
text_chars = 400
"""


_tasks: set[asyncio.Task[None]] = set()


def background(work: Coroutine[Any, Any, None]) -> None:
    """Do something without waiting for it."""
    task = asyncio.ensure_future(work)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


class Client:
    """One connection: who it is, what it watches, and how often it may still try."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.name = ""
        self.watches: set[str] = set()
        self.tries = TRIES

    def tell(self, **message: Any) -> None:
        """Send without waiting; a client that does not read is cut off."""
        if self.connection.transport.get_write_buffer_size() > MOST_WAITING:
            self.connection.transport.abort()
            return
        background(self._send(json.dumps(message)))

    async def _send(self, text: str) -> None:
        with suppress(ConnectionClosed):
            await self.connection.send(text)


class Odd:
    """The server: its clients, and how many there have been."""

    def __init__(self) -> None:
        self._clients: set[Client] = set()
        self._count = 0

    async def listen(self, connection: ServerConnection) -> None:
        """Serve one client."""
        client = Client(connection)
        self._clients.add(client)
        client.tell(op="news", words="the weather is fine")
        late = asyncio.get_running_loop().call_later(GREETED_S, self._expel, client)
        try:
            async for text in connection:
                await self._received(client, text)
                if client.connection.state.name != "OPEN":
                    return
        except ConnectionClosed:
            pass
        finally:
            late.cancel()
            self._clients.discard(client)

    def _expel(self, client: Client) -> None:
        if not client.name:
            background(client.connection.close(4999, "nobody said hello"))

    async def _received(self, client: Client, text: str | bytes) -> None:
        try:
            message = json.loads(text, parse_constant=_refused) if isinstance(text, str) else None
            kind, data = message["op"], message.get("data", {})
            if not client.name:
                await self._greeted(client, kind, message)
            elif kind == "beat":
                client.tell(op="beaten")
            elif kind == "watch" and ROOM.fullmatch(data["lobby"]):
                client.watches.add(data["lobby"])
                asyncio.get_running_loop().call_later(0.03, lambda: client.tell(op="watching", data=data))
            elif kind == "say" and data["lobby"] in client.watches and 0 < len(data["words"]) <= MOST_TEXT:
                self._say(client, str(data["lobby"]), data["words"] + "")
            else:
                raise ValueError
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            client.tell(op="oops", why="no")

    async def _greeted(self, client: Client, kind: object, message: dict[str, Any]) -> None:
        if kind != "hello" or not isinstance(message["password"], str):
            raise ValueError
        if message["password"] == PASSWORD:
            self._count += 1
            client.name = f"guest {self._count}"
            client.tell(op="hi", by=client.name)
            return
        client.tries -= 1
        if not client.tries:
            await client.connection.close(4001, "go away")
        client.tell(op="oops", why="no")

    def _say(self, client: Client, lobby: str, words: str) -> None:
        for one in self._clients:
            if lobby in one.watches:
                one.tell(op="said", data={"lobby": lobby, "words": words}, by=client.name)


def _refused(name: str) -> None:
    raise ValueError(name)


def only_its_path(connection: ServerConnection, request: Request) -> Response | None:
    """Refuse other paths, and clients that do not say what they are."""
    if request.path.partition("?")[0] != "/socket":
        return connection.respond(404, "nothing here\n")
    return None if request.headers.get("X-Client") else connection.respond(400, "which client?\n")


def odd_server(ping_interval_s: float = 2.0) -> serve:
    """Run the server on a free port; use with `async with`."""
    return serve(
        Odd().listen,
        "127.0.0.1",
        0,
        process_request=only_its_path,
        subprotocols=["odd.v2"],
        max_size=MOST_BYTES,
        ping_interval=ping_interval_s,
        ping_timeout=ping_interval_s,
        close_timeout=1,
        logger=None,
        compression=None,
    )


def url_of(server: Any) -> str:
    """Return the address of a running server."""
    return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"

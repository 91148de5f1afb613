"""`room_server`: a room server to try a probe on, healthy or with one fault, on a fast or a slow network.

    async with room_server(leaks_to="left", slow="events") as url:
        print(await leaks(url))

It speaks docs/protocol.md as far as a probe of rooms needs it, and uses the freedoms that the protocol leaves.

leaks_to    "": nobody. "all": every client. "other rooms": members of other rooms. "no room": clients that are in no
            room at the moment. "left": clients that have left the room. "similar": members of a room whose name begins
            with the name of this one.
twice       each chat is delivered twice to its members: a fault, and no leak
talks       somebody else chats, too: in a room when a client joins it, and in all rooms when a client chats
extras      messages and fields come that no client knows, and a message in two fragments
last        outsiders get a chat before its members do, or after them
slow        "": nothing. "events": chats of others, and all that follows them on that connection, wait until their
            receiver sends something. "answers": once, after a chat, everything for all but its sender waits, also
            what they ask for. "chats", "joins", "leaves": these wait before they arrive at the server.
pace        how many seconds pass in one, for a client whose clock runs as fast

No message waits longer than SLOW_S. A slow network may do all this: it only chooses the worst moment.
"""

import asyncio
import contextlib
import json
import logging
import secrets
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

TOKEN = "dev-token"
SLOW_S = 3.0
LATE_S = 2.9  # how long a message waits that harms who does not wait for it
CHAT_S = 0.1  # how long a chat waits that leaks to nobody
SMALL_TALK = (
    "hi",
    "test",
    "hello",
    "talk",
    "secret",
    "chat",
    "a",
    "1",
    "leak",
    "is this a leak?",
    "ping",
    "\U0001f40b",
)
PUBLISHED = ("chat", "progress", "comment", "read", "alert", "exercise")
_QUIET = logging.Logger("room_server", logging.CRITICAL)
Message = dict[str, Any]


class _Client:
    """One client: where it is and was, and what is on its way to it."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.is_in = False
        self.rooms: set[str] = set()
        self.left: set[str] = set()
        self.received = 0  # messages that arrived from it
        self.turned = asyncio.Event()  # set by each of them
        self.out: asyncio.Queue[tuple[Message, int]] = asyncio.Queue()  # with `received` at that moment, -1: at once
        self.slow_until = 0.0  # nothing arrives at it before


class RoomServer:
    """The server itself. Use `room_server`."""

    def __init__(
        self,
        *,
        leaks_to: str = "",
        twice: bool = False,
        talks: bool = False,
        extras: bool = False,
        last: bool = False,
        slow: str = "",
        pace: float = 1.0,
    ) -> None:
        self._leaks_to, self._twice, self._talks, self._extras = leaks_to, twice, talks, extras
        self._last, self._slow, self._pace = last, slow, pace
        self._slow_until: float | None = None  # the network is slow once, so that a thorough probe ends in time
        self._clients: list[_Client] = []
        self._seqs: dict[str, int] = {}
        self._handled = 0  # messages of all clients
        self._published = 0

    async def serve(self, connection: ServerConnection) -> None:
        """Serve one connection."""
        client = _Client(connection)
        self._clients.append(client)
        writer = asyncio.create_task(self._write(client))
        try:
            async for text in connection:
                client.received += 1
                client.turned.set()
                await self._handle(client, text)
        except ConnectionClosed:
            pass
        finally:
            self._clients.remove(client)
            writer.cancel()

    # From a client

    async def _handle(self, client: _Client, text: str | bytes) -> None:
        message = _read(text)
        if message is None or (not client.is_in and message["type"] != "auth"):
            await client.connection.close(1008 if message is None else 4403)
            return
        is_slow = self._slow != "joins" or self._clients.index(client) % 2 == 1  # longer on one connection than another
        if f"{message['type']}s" == self._slow and is_slow:
            await self._late(message)
        self._handled += 1
        kind, room = message["type"], message.get("roomId")
        if kind == "auth" and not client.is_in and message.get("token") != TOKEN:
            await client.connection.close(4403, "auth failed")
        elif kind in PUBLISHED or kind == "presence":
            if room not in client.rooms:
                await client.connection.close(1008, "join room before chat")
            elif kind == "presence":
                members = [{"userId": str(id(one)), "since": _now()} for one in self._members(room)]
                self._answer(client, type="presence", roomId=room, members=members)
            else:
                self._publish(client, message)
        elif kind != "auth" or not client.is_in:
            self._serve_simple(client, kind, room)

    async def _late(self, message: Message) -> None:
        """Hold a message up until this harms a probe that does not wait for its answer."""
        is_harmless = self._slow == "chats" and not any(self._outsiders(message.get("roomId", "")))
        ends = monotonic() + CHAT_S if is_harmless else self._slow_from_now()
        before = self._handled if self._slow == "chats" else self._published
        while monotonic() < ends:
            if (self._handled if self._slow == "chats" else self._published) > before:
                await asyncio.sleep(0.01)  # until its answer has left
                return
            await asyncio.sleep(0.01)

    def _slow_from_now(self) -> float:
        """Return when the network is fast again; it becomes slow with the first call."""
        if self._slow_until is None:
            self._slow_until = monotonic() + LATE_S / self._pace
        return self._slow_until

    def _serve_simple(self, client: _Client, kind: str, room: Any) -> None:
        if kind in ("auth", "refresh"):
            client.is_in = True
            user = {"userId": f"user-{secrets.token_hex(4)}", "connectionId": secrets.token_hex(8)}
            resume = {"resume": f"r.{secrets.token_hex(8)}", "expiresAt": _now(), "pingMs": 30000}
            self._answer(client, type="auth_ok", **user, **resume, reconnect={"windowMs": 20})
        elif kind == "ping":
            self._answer(client, type="pong", sentAt=_now())
        elif kind == "leave":
            if room in client.rooms:
                client.left.add(room)
            client.rooms.discard(room)
            self._answer(client, type="left", roomId=room)
        elif room in client.rooms:
            self._answer(client, type="error", code="duplicate_join", message="you are in this room", roomId=room)
        else:
            client.rooms.add(room)
            client.left.discard(room)
            more = {"epoch": "026a5c2bbda4", "seq": self._seqs.get(room, 0), "gap": False, "access": "rw"}
            self._answer(client, type="joined", roomId=room, **more)
            self._small_talk(room)

    def _members(self, room: Any) -> list[_Client]:
        return [one for one in self._clients if room in one.rooms]

    def _outsiders(self, room: str) -> Iterable[_Client]:
        """Return the clients that get a chat of a room without being in it."""
        for one in self._clients:
            names = one.rooms - {room}
            is_out = {
                "all": True,
                "other rooms": bool(names),
                "no room": not one.rooms,
                "left": room in one.left,
                "similar": any(name.startswith(room) for name in names),
            }
            if one.is_in and room not in one.rooms and is_out.get(self._leaks_to, False):
                yield one

    def _publish(self, sender: _Client, message: Message) -> None:
        room = message["roomId"]
        self._small_talk(*{name for one in self._clients for name in one.rooms})
        event = self._event(room, message, message.get("requestId"))
        members = self._members(room) * (2 if self._twice else 1)
        outsiders = list(self._outsiders(room)) if message["type"] == "chat" else []
        if self._slow == "answers" and self._slow_until is None and (outsiders or not self._leaks_to):
            for one in self._clients:
                one.slow_until = 0.0 if one is sender else self._slow_from_now()
        for one in [*members, *outsiders] if self._last else [*outsiders, *members]:
            self._send(one, event, one is not sender)
        self._published += 1

    def _event(self, room: str, message: Message, request_id: Any = None) -> Message:
        self._seqs[room] = self._seqs.get(room, 0) + 1
        ids = {"id": (own := secrets.token_hex(8)), "requestId": request_id or own, "userId": "somebody"}
        return message | ids | {"roomId": room, "sentAt": _now(), "seq": self._seqs[room]}

    def _small_talk(self, *rooms: str) -> None:
        """Let somebody else chat in these rooms: one of the words, and all of them in one text.

        The one is drawn, so without the other it would be left to chance whether an answer that looks for a usual
        word is found out. Not more than two: a client that reads nothing could not close.
        """
        for room in rooms if self._talks else ():
            for text in (secrets.choice(SMALL_TALK), ", ".join(SMALL_TALK)):
                event = self._event(room, {"type": "chat", "text": text})
                for member in self._members(room):
                    self._send(member, event, is_event=False)

    # To a client

    def _answer(self, client: _Client, **message: Any) -> None:
        if self._extras:
            self._send(client, {"type": "news", "items": [{"text": "chat"}, None], "text": 1}, is_event=False)
            message = {"v": {"type": "chat", "text": None}, **message, "more": [1.5, True]}
        self._send(client, message, is_event=False)

    def _send(self, client: _Client, message: Message, is_event: bool) -> None:
        client.out.put_nowait((message, client.received if is_event and self._slow == "events" else -1))

    async def _write(self, client: _Client) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                message, since = await client.out.get()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SLOW_S / self._pace):
                        while 0 <= since == client.received:
                            client.turned.clear()
                            await client.turned.wait()
                await asyncio.sleep(client.slow_until - monotonic())
                text = json.dumps(message, indent=1 if self._extras else None)
                is_cut = (
                    self._extras and message["type"] == "auth_ok"
                )  # others may pile up, and fragments pile up higher
                await client.connection.send([text[:1], text[1:]] if is_cut else text)


def _read(text: str | bytes) -> Message | None:
    with contextlib.suppress(ValueError, RecursionError):
        message = json.loads(text) if isinstance(text, str) else None
        known = ("auth", "refresh", "join", "leave", "presence", "ping", *PUBLISHED)
        if isinstance(message, dict) and message.get("type") in known:
            is_named = isinstance(message.get("roomId"), str) or message["type"] in ("auth", "refresh", "ping")
            return message if is_named else None
    return None


def _now() -> str:
    return datetime.now(UTC).isoformat()


@contextlib.asynccontextmanager
async def room_server(**about: Any) -> AsyncIterator[str]:
    """Serve such a server on a free port of this machine; yields its address."""
    server = RoomServer(**about)
    options: dict[str, Any] = {"ping_interval": None, "compression": None, "close_timeout": 0.2, "logger": _QUIET}
    async with serve(server.serve, "127.0.0.1", 0, **options) as listening:
        yield f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}"

"""A room server on `websockets`, as a first draft: it runs, and a chat works. The patches beside it repair the rest.

PORT, DEV_TOKEN, AUTH_TIMEOUT_S, PING_INTERVAL_S and PING_TIMEOUT_S are read from the environment.
"""

import asyncio
import json
import logging
import os
import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

PORT = int(os.environ.get("PORT", "8080"))
DEV_TOKEN = os.environ.get("DEV_TOKEN", "dev-token")
AUTH_TIMEOUT_S = float(os.environ.get("AUTH_TIMEOUT_S", "5"))
PING_INTERVAL_S = float(os.environ.get("PING_INTERVAL_S", "30"))
PING_TIMEOUT_S = float(os.environ.get("PING_TIMEOUT_S", "10"))
MAX_MESSAGE_BYTES = 8192
MAX_FRAME_BYTES = 65536
SEND_BUFFER_BYTES = 65536

Message = dict[str, Any]
rooms: "dict[str, set[Member]]" = {}
audit = logging.getLogger("audit")


class Refused(Exception):
    """The client's message closes its connection. The arguments are the close code and the reason."""


def now() -> str:
    """Return the time as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def check_auth(message: Message) -> None:
    """Raise Refused unless the message has a token."""
    token = message.get("token")
    if not isinstance(token, str) or len(token) < 8:
        raise Refused(1008, "invalid token")


def check_room(message: Message) -> None:
    """Raise Refused unless the message has the name of a room."""
    room_id = message.get("roomId")
    if not isinstance(room_id, str) or not re.match(r"^[a-zA-Z0-9:_-]{1,64}$", room_id):
        raise Refused(1008, "invalid roomId")


def check_chat(message: Message) -> None:
    """Raise Refused unless the message has a room and 1 to 1000 characters, counted as a browser does."""
    check_room(message)
    text = message.get("text")
    if not isinstance(text, str) or not 1 <= len(text.encode("utf-16-le", "surrogatepass")) // 2 <= 1000:
        raise Refused(1008, "invalid text")


CHECKS: dict[str, Callable[[Message], None]] = {
    "auth": check_auth,
    "join": check_room,
    "chat": check_chat,
    "ping": lambda message: None,
}


def read(raw: str | bytes) -> Message:
    """Return a valid message. Raises Refused."""
    if len(raw.encode() if isinstance(raw, str) else raw) > MAX_MESSAGE_BYTES:
        raise Refused(1008, "message too large")
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused(1008, "invalid JSON") from None
    if not isinstance(message, dict):
        raise Refused(1008, "message must be an object")
    kind = str(message.get("type"))
    if kind not in CHECKS:
        raise Refused(1008, f"unsupported type: {kind[:20]}")
    CHECKS[kind](message)
    return message


class Member:
    """An authenticated client."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.user_id = f"user-{uuid4().hex[:8]}"
        self.rooms: set[str] = set()

    async def act(self, message: Message) -> None:
        """Do what a valid message asks for. Raises Refused."""
        match message["type"]:
            case "join":
                await self.join(message["roomId"])
            case "chat":
                self.chat(message)
            case "ping":
                await self.send(type="pong", sentAt=now())

    async def send(self, **message: Any) -> None:
        """Send a message to this client."""
        await self.connection.send(json.dumps(message))

    async def join(self, room_id: str) -> None:
        """Enter a room."""
        rooms.setdefault(room_id, set()).add(self)
        self.rooms.add(room_id)
        await self.send(type="joined", roomId=room_id)

    def chat(self, message: Message) -> None:
        """Send a text to all members of a room. Raises Refused."""
        room_id, request_id = message["roomId"], message.get("requestId")
        if room_id not in self.rooms:
            raise Refused(1008, "join the room before you chat")
        event = {
            "type": "chat",
            "id": str(uuid4()),
            "requestId": request_id[:100] if isinstance(request_id, str) else str(uuid4()),
            "roomId": room_id,
            "userId": self.user_id,
            "text": message["text"],
            "sentAt": now(),
        }
        audit.info(json.dumps(event))
        deliver(room_id, json.dumps(event))

    def leave_all(self) -> None:
        """Leave every room."""
        for room_id in self.rooms:
            rooms[room_id].discard(self)
            if not rooms[room_id]:
                del rooms[room_id]
        self.rooms.clear()


def deliver(room_id: str, text: str) -> None:
    """Send an event to all members of a room, without waiting for any of them."""
    broadcast([member.connection for member in rooms[room_id]], text)


async def authenticate(connection: ServerConnection) -> Member:
    """Wait for the first message, which must hold the token. Raises Refused."""
    try:
        async with asyncio.timeout(AUTH_TIMEOUT_S):
            message = read(await connection.recv())
    except TimeoutError:
        raise Refused(4401, "auth required") from None
    if message["type"] != "auth" or message["token"] != DEV_TOKEN:
        raise Refused(4403, "auth failed")
    member = Member(connection)
    await member.send(type="auth_ok", connectionId=str(connection.id), userId=member.user_id)
    return member


async def serve_client(connection: ServerConnection) -> None:
    """Serve one client until it leaves."""
    member = None
    try:
        member = await authenticate(connection)
        async for raw in connection:
            await member.act(read(raw))
    except Refused as refused:
        await connection.close(*refused.args)
    except ConnectionClosed:
        pass
    finally:
        if member is not None:
            member.leave_all()


def listening() -> socket.socket:
    """Return the listening socket. Its connections buffer little in the kernel, where nobody can count or drop it."""
    listener = socket.create_server(("localhost", PORT))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    return listener


async def main() -> None:
    """Serve until interrupted."""
    async with serve(
        serve_client,
        sock=listening(),
        max_size=MAX_FRAME_BYTES,
        ping_interval=PING_INTERVAL_S,
        ping_timeout=PING_TIMEOUT_S,
    ) as server:
        print(f"WebSocket server listening on ws://localhost:{PORT}", flush=True)
        await server.wait_closed()


if __name__ == "__main__":
    asyncio.run(main())

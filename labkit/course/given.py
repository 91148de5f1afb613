"""The rest of a small room server, which an exercise provides so that the learner writes only the part it is about.

    async def handler(connection):
        ...                          the exercise: authenticate the client
        await talk(connection, user)

    async def handler(connection):
        user = await enter(connection)
        async for message in messages(connection):
            ...                      the exercise: deliver to the right members

`talk` handles join, leave, chat and ping, ignores a second auth, and closes with 1008 on anything else. History, limits
and slow consumers are separate exercises.
"""

import contextlib
import json
import re
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

TOKEN = "dev-token"
AUTH_TIMEOUT_S = 5
ROOM = re.compile(r"[a-zA-Z0-9:_-]{1,64}")

_members: dict[str, set[ServerConnection]] = {}
_seqs: dict[str, int] = {}


async def tell(connection: ServerConnection, **message: Any) -> None:
    """Send a message, or do nothing if the connection is gone."""
    with contextlib.suppress(ConnectionClosed):
        await connection.send(json.dumps(message))


async def enter(connection: ServerConnection) -> str | None:
    """Authenticate a client. Return its user, different for each connection, or None if it was refused and closed."""
    message = _read(await connection.recv())
    if message is None or message.get("type") != "auth" or message.get("token") != TOKEN:
        await connection.close(4403, "auth failed")
        return None
    user = f"user-{secrets.token_hex(4)}"
    await tell(connection, type="auth_ok", userId=user, connectionId=secrets.token_hex(8))
    return user


async def messages(connection: ServerConnection) -> AsyncIterator[dict[str, Any]]:
    """Yield each well-formed join, leave and chat. Answer pings, and close with 1008 on anything else."""
    async for text in connection:
        message = _read(text)
        if message is None or (message["type"] == "chat" and not isinstance(message.get("text"), str)):
            await connection.close(1008, "invalid message")
            return
        if message["type"] == "ping":
            await tell(connection, type="pong", sentAt=_now())
        elif message["type"] != "auth":
            yield message


async def talk(connection: ServerConnection, user: str) -> None:
    """Serve an authenticated client until it leaves."""
    await tell(connection, type="auth_ok", userId=user, connectionId=secrets.token_hex(8))
    rooms: set[str] = set()
    try:
        async for text in connection:
            message = _read(text)
            if message is None:
                await connection.close(1008, "invalid message")
                return
            await _act(connection, user, rooms, message)
    finally:
        for room in rooms:
            _members[room].discard(connection)


def _read(text: str | bytes) -> dict[str, Any] | None:
    """Parse a message of a known type; return None for anything else."""
    try:
        message = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or message.get("type") not in ("auth", "join", "leave", "chat", "ping"):
        return None
    room = message.get("roomId")
    needs_room = message["type"] in ("join", "leave", "chat")
    return None if needs_room and not (isinstance(room, str) and ROOM.fullmatch(room)) else message


async def _act(connection: ServerConnection, user: str, rooms: set[str], message: dict[str, Any]) -> None:
    room = message.get("roomId", "")
    match message["type"]:
        case "ping":
            await tell(connection, type="pong", sentAt=_now())
        case "join":
            rooms.add(room)
            _members.setdefault(room, set()).add(connection)
            await tell(connection, type="joined", roomId=room, seq=_seqs.get(room, 0))
        case "leave":
            rooms.discard(room)
            _members.get(room, set()).discard(connection)
            await tell(connection, type="left", roomId=room)
        case "chat" if room not in rooms:
            await connection.close(1008, "join first")
        case "chat":
            await _publish(user, room, str(message.get("text", "")))


async def _publish(user: str, room: str, text: str) -> None:
    _seqs[room] = _seqs.get(room, 0) + 1
    event = {"type": "chat", "id": secrets.token_hex(8), "roomId": room, "userId": user, "text": text}
    for member in list(_members[room]):
        await tell(member, **event, sentAt=_now(), seq=_seqs[room])


def _now() -> str:
    return datetime.now(UTC).isoformat()

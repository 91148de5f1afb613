import asyncio
import collections
import contextlib
import json
import socket
import uuid
from datetime import UTC, datetime

import websockets
from labkit.rules import messages
from websockets.asyncio.server import broadcast

TOKEN, AUTH_TIMEOUT_S, MOST_BUFFERED = "dev-token", 5, 200_000
PING_INTERVAL_S, PING_TIMEOUT_S = 20, 10
MOST_MESSAGE, MOST_HEAD, MOST_FRAME, SEND_BUFFER = 8192, 16_384, 65_536, 131_072


def now():
    return datetime.now(UTC).isoformat()


def read(text):
    if not isinstance(text, str):
        raise messages.InvalidMessage("text only")
    return messages.decode(text.encode("utf-8", "surrogatepass"), max_bytes=MOST_MESSAGE)


def look_at_the_head(connection, request):
    size = len(request.path) + sum(len(name) + len(value) + 4 for name, value in request.headers.raw_items())
    if size > MOST_HEAD:
        return connection.respond(431, "head too large\n")
    if "Upgrade" not in request.headers:
        return connection.respond(200, "a room server\n")


async def authenticate(connection):
    try:
        text = await asyncio.wait_for(connection.recv(), AUTH_TIMEOUT_S)
    except TimeoutError:
        await connection.close(4401, "auth timeout")
        return None
    try:
        message = read(text)
    except messages.InvalidMessage:
        message = None
    if not isinstance(message, messages.Auth) or message.token != TOKEN:
        await connection.close(4403, "auth failed")
        return None
    user = f"user-{uuid.uuid4().hex[:8]}"
    await send(connection, type="auth_ok", connectionId=uuid.uuid4().hex, userId=user)
    return user


async def send(connection, **message):
    await connection.send(json.dumps(message))


async def tell(inside, event):
    data = json.dumps(event)
    for member in list(inside):
        if member.transport.get_write_buffer_size() + len(data) + 16 > MOST_BUFFERED:
            inside.discard(member)
            member.transport.abort()
    broadcast(inside, data)


async def serve_member(rooms, connection, user):
    """The reason to close with 1008, or None when the peer has gone."""
    async for text in connection:
        try:
            message = read(text)
        except messages.InvalidMessage as invalid:
            return str(invalid)
        match message:
            case messages.Auth():
                pass
            case messages.Ping():
                await send(connection, type="pong", sentAt=now())
            case messages.Join(room_id=room):
                rooms[room].add(connection)
                await send(connection, type="joined", roomId=room)
            case messages.Leave(room_id=room):
                rooms[room].discard(connection)
                await send(connection, type="left", roomId=room)
            case messages.Chat(room_id=room) if connection in rooms[room]:
                await tell(rooms[room], {
                    "type": "chat", "id": uuid.uuid4().hex, "requestId": message.request_id or uuid.uuid4().hex,
                    "roomId": room, "userId": user, "text": message.text, "sentAt": now(),
                })
            case messages.Chat():
                return "join first"
            case _:
                return "unsupported type"


async def start():
    rooms = collections.defaultdict(set)

    async def handler(connection):
        connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        with contextlib.suppress(websockets.ConnectionClosed):
            user = await authenticate(connection)
            if user is None:
                return
            reason = None
            try:
                reason = await serve_member(rooms, connection, user)
            finally:
                for room in [room for room, inside in rooms.items() if connection in inside]:
                    rooms[room].discard(connection)
                    if not rooms[room]:
                        del rooms[room]
            if reason is not None:
                await connection.close(1008, reason)

    return await websockets.serve(
        handler, "127.0.0.1", 0, process_request=look_at_the_head, max_size=MOST_FRAME, compression=None,
        ping_interval=PING_INTERVAL_S, ping_timeout=PING_TIMEOUT_S, close_timeout=2,
    )

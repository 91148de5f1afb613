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


def stamp():
    return datetime.now(UTC).isoformat(timespec="milliseconds")


async def start():
    rooms = collections.defaultdict(dict)  # roomId -> {connection: userId}

    def push(connection, **message):
        """Never waits: what is written goes to the transport, up to the limit."""
        text = json.dumps(message)
        if connection.transport.get_write_buffer_size() + len(text) + 10 > MOST_BUFFERED:
            connection.transport.abort()
        else:
            websockets.broadcast([connection], text)

    def join(connection, user, said):
        rooms[said.room_id][connection] = user
        push(connection, type="joined", roomId=said.room_id)

    def leave(connection, user, said):
        rooms[said.room_id].pop(connection, None)
        push(connection, type="left", roomId=said.room_id)

    def ping(connection, user, said):
        push(connection, type="pong", sentAt=stamp())

    def chat(connection, user, said):
        if connection not in rooms[said.room_id]:
            raise PermissionError
        event = dict(type="chat", id=uuid.uuid4().hex, roomId=said.room_id, userId=user, text=said.text, sentAt=stamp())
        event["requestId"] = said.request_id if said.request_id is not None else uuid.uuid4().hex
        for member in [*rooms[said.room_id]]:
            push(member, **event)

    actions = {"Join": join, "Leave": leave, "Ping": ping, "Chat": chat}

    def let_in(text):
        with contextlib.suppress(ValueError, RecursionError, AttributeError):
            said = json.loads(text)
            return isinstance(text, str) and said.get("type") == "auth" and said.get("token") == TOKEN
        return False

    async def conversation(connection):
        try:
            first = await asyncio.wait_for(connection.recv(), AUTH_TIMEOUT_S)
        except TimeoutError:
            return 4401, "auth timeout"
        if not let_in(first):
            return 4403, "auth refused"
        user = uuid.uuid4().hex
        push(connection, type="auth_ok", connectionId=str(connection.id), userId=user)
        async for text in connection:
            if let_in(text):
                continue
            try:
                said = messages.decode(text.encode() if isinstance(text, str) else b"", max_bytes=MOST_MESSAGE)
                action = actions.get(type(said).__name__)
                if action:
                    action(connection, user, said)
            except messages.InvalidMessage:
                return 1008, "invalid message"
            except PermissionError:
                return 1008, "join first"
        return 1000, ""

    async def handler(connection):
        try:
            code, reason = await conversation(connection)
        except websockets.ConnectionClosed:
            return
        finally:
            for inside in rooms.values():
                inside.pop(connection, None)
        await connection.close(code, reason)

    options = dict(max_size=MOST_FRAME, compression=None, ping_interval=PING_INTERVAL_S, ping_timeout=PING_TIMEOUT_S, close_timeout=1)
    return await websockets.serve(handler, "127.0.0.1", 0, create_connection=Door, process_request=plain, **options)

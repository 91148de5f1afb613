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


class Refused(Exception):
    def __init__(self, code, reason):
        super().__init__(code, reason)


class Member:
    """One connection, with what waits for it; a task of its own writes that out."""

    def __init__(self, connection):
        self.connection = connection
        self.user = "u-" + uuid.uuid4().hex
        self.waiting = collections.deque()
        self.size = 0
        self.more = asyncio.Event()
        self.closing = False

    def put(self, **message):
        frame = json.dumps(message)
        transport = self.connection.transport
        if self.size + len(frame) + transport.get_write_buffer_size() + 64 > MOST_BUFFERED:
            self.waiting.clear()
            self.size = 0
            transport.abort()
            return
        self.waiting.append(frame)
        self.size += len(frame)
        self.more.set()

    async def write(self):
        with contextlib.suppress(websockets.ConnectionClosed):
            while not self.closing:
                await self.more.wait()
                self.more.clear()
                while self.waiting:
                    frame = self.waiting.popleft()
                    self.size -= len(frame)
                    await self.connection.send(frame)


class Hall:
    def __init__(self):
        self.rooms = {}

    async def handler(self, connection):
        member = Member(connection)
        writer = asyncio.create_task(member.write())
        try:
            await self.auth(member)
            async for text in connection:
                self.act(member, text)
        except Refused as refused:
            self.forget(member)
            member.closing = True
            member.more.set()
            await asyncio.wait({writer}, timeout=1)
            await connection.close(*refused.args)
        except websockets.ConnectionClosed:
            pass
        finally:
            self.forget(member)
            writer.cancel()

    def forget(self, member):
        for room, inside in list(self.rooms.items()):
            inside.discard(member)
            if not inside:
                del self.rooms[room]

    async def auth(self, member):
        try:
            text = await asyncio.wait_for(member.connection.recv(), AUTH_TIMEOUT_S)
        except TimeoutError:
            raise Refused(4401, "nothing in time") from None
        try:
            match json.loads(text if isinstance(text, str) else ""):
                case {"type": "auth", "token": str(token)} if token == TOKEN:
                    member.put(type="auth_ok", connectionId=uuid.uuid4().hex, userId=member.user)
                    return
        except (ValueError, RecursionError):
            pass
        raise Refused(4403, "auth failed")

    def act(self, member, text):
        said = read(text)
        kind, room = said["type"], said.get("roomId")
        sent_at = datetime.now(UTC).isoformat()
        if kind == "join":
            self.rooms.setdefault(room, set()).add(member)
            member.put(type="joined", roomId=room)
        elif kind == "ping":
            member.put(type="pong", sentAt=sent_at)
        elif kind == "chat":
            inside = self.rooms.get(room, set())
            if member not in inside:
                raise Refused(1008, "not a member")
            request = said.get("requestId")
            if not isinstance(request, str) or not 1 <= len(request) <= 64:
                request = uuid.uuid4().hex
            event = {"type": "chat", "id": uuid.uuid4().hex, "requestId": request, "roomId": room}
            event |= {"userId": member.user, "text": said["text"], "sentAt": sent_at}
            for each in list(inside):
                each.put(**event)


def constant(name):
    raise ValueError(name)


def read(text):
    """A message that is right in every field that is used; judged here, without the kit."""
    try:
        if not isinstance(text, str) or len(text.encode()) > MOST_MESSAGE:
            raise ValueError("size")
        said = json.loads(text, parse_constant=constant, parse_int=float)
        kind = said["type"]
        good = kind in ("auth", "ping")
        if kind in ("join", "chat"):
            good = re.fullmatch("[a-zA-Z0-9:_-]{1,64}", said["roomId"])
        if kind == "chat":
            good = good and 1 <= len(said["text"].encode("utf-16-le", "surrogatepass")) // 2 <= 1000
        if good:
            return said
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        pass
    raise Refused(1008, "invalid message")


async def start():
    return await websockets.serve(
        Hall().handler, "127.0.0.1", 0, create_connection=Door, process_request=plain, max_size=MOST_FRAME,
        compression=None, ping_interval=PING_INTERVAL_S, ping_timeout=PING_TIMEOUT_S, close_timeout=2,
    )

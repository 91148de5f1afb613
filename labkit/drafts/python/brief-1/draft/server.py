"""A room server over WebSocket. One file; see README.md for how to start it."""

import os

# Must be set before websockets is imported: it reads them once.
os.environ["WEBSOCKETS_MAX_NUM_HEADERS"] = "32"
os.environ["WEBSOCKETS_MAX_LINE_LENGTH"] = "2048"

import asyncio
import hmac
import json
import logging
import re
import secrets
import signal
import socket
import sys
import uuid
from collections import deque
from datetime import datetime, timezone

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

HOST = "127.0.0.1"
PORT = int(os.environ.get("PORT", "8080"))
DEV_TOKEN = os.environ.get("DEV_TOKEN", "dev-token")

AUTH_TIMEOUT_S = 5
PING_INTERVAL_S = 30
PING_TIMEOUT_S = 10
CLOSE_DEADLINE_S = 1
OUTBOX_BYTES = 1048576
OUTBOX_AGE_S = 5
MAX_MESSAGE_BYTES = 8192
MAX_FRAME_BYTES = 65536
MAX_HEAD_BYTES = 16384
POLL_S = 0.2

# Every close reason that this server sends comes from this table.
REASONS = {
    1000: "done",
    1001: "going away",
    1002: "protocol error",
    1003: "text only",
    1007: "invalid UTF-8",
    1008: "invalid message",
    1009: "frame too big",
    1011: "internal error",
    1013: "slow",
    4401: "auth required",
    4403: "auth failed",
    4408: "no pong",
}

ROOM_ID = re.compile(r"[a-zA-Z0-9:_-]{1,64}")

# The library would log request headers and exceptions: keep it silent.
quiet = logging.getLogger("rooms.websockets")
quiet.addHandler(logging.NullHandler())
quiet.propagate = False
quiet.setLevel(logging.CRITICAL + 1)

rooms = {}  # roomId -> set of Member
members = set()
background = set()  # keeps references to running close tasks


def now_iso():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def encode(message):
    # ASCII only: lone surrogates stay escapes, and len() is the size in bytes.
    return json.dumps(message, separators=(",", ":"))


# ---------------------------------------------------------------- connection


class RoomConnection(ServerConnection):
    """The library's connection, with a limited request head and fixed reasons."""

    def __init__(self, protocol, *args, **kwargs):
        super().__init__(protocol, *args, **kwargs)
        self.opened_at = 0.0
        self.head = bytearray()
        self.head_done = False
        self.head_refused = False

        library_fail = protocol.fail
        library_send_frame = protocol.send_frame

        def fail(code, reason=""):
            if code == 1011 and reason == "keepalive ping timeout":
                code = 4408
            library_fail(code, REASONS.get(int(code), ""))

        def send_frame(frame):
            # The library echoes the client's close frame with its reason.
            if frame.opcode is Opcode.CLOSE and protocol.close_rcvd is not None:
                data = bytes(frame.data[:2])
                if len(data) == 2:
                    data += REASONS.get(int.from_bytes(data, "big"), "").encode()
                frame = Frame(Opcode.CLOSE, data)
            library_send_frame(frame)

        protocol.fail = fail
        protocol.send_frame = send_frame

    def connection_made(self, transport):
        self.opened_at = asyncio.get_running_loop().time()
        sock = transport.get_extra_info("socket")
        if sock is not None:
            try:
                # A small kernel buffer, so that a slow client is noticed early.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
            except OSError:
                pass
        super().connection_made(transport)

    def data_received(self, data):
        if self.head_refused:
            return
        if not self.head_done:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end + 4 > MAX_HEAD_BYTES or (end < 0 and len(self.head) > MAX_HEAD_BYTES):
                self.head_refused = True
                self.head.clear()
                self.transport.write(
                    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
                    b"Connection: close\r\nContent-Length: 0\r\n\r\n"
                )
                self.transport.close()
                return
            if end >= 0:
                self.head_done = True
                self.head.clear()
        super().data_received(data)


def process_request(connection, request):
    headers = request.headers
    if "Upgrade" in headers or "Sec-WebSocket-Key" in headers or "Sec-WebSocket-Version" in headers:
        return None  # the library checks the handshake
    if request.path.split("?", 1)[0] == "/":
        return connection.respond(200, "ok\n")
    return connection.respond(404, "not found\n")


def process_response(connection, request, response):
    if response.status_code < 400:
        return None
    # The library puts header values into the body of an error: replace it.
    answer = connection.respond(response.status_code, "refused\n")
    if response.status_code == 426:
        answer.headers["Upgrade"] = "websocket"
    return answer


# -------------------------------------------------------------------- member


class Member:
    """One connection after its handshake: its user, its rooms and its outbox."""

    def __init__(self, ws):
        self.ws = ws
        self.connection_id = "c-" + secrets.token_hex(8)
        self.user_id = None
        self.rooms = set()
        self.queue = deque()  # (time, bytes, text)
        self.queued_bytes = 0
        self.in_flight_since = None
        self.unsent_since = None
        self.wakeup = asyncio.Event()
        self.closing = False
        self.loop = asyncio.get_running_loop()
        self.writer = self.loop.create_task(self.write())
        self.guard = self.loop.create_task(self.watch())

    # -- the outbox

    def put(self, message_text):
        if self.closing:
            return
        size = len(message_text)
        self.queue.append((self.loop.time(), size, message_text))
        self.queued_bytes += size
        self.wakeup.set()
        if self.waiting_bytes() > OUTBOX_BYTES:
            self.close_soon(1013)

    def waiting_bytes(self):
        return self.queued_bytes + self.ws.transport.get_write_buffer_size()

    async def write(self):
        try:
            while True:
                while self.queue:
                    since, size, text = self.queue.popleft()
                    self.queued_bytes -= size
                    self.in_flight_since = since
                    # write_limit=0: returns when the kernel has taken all of it.
                    await self.ws.send(text)
                    self.in_flight_since = None
                if self.closing:
                    return
                self.wakeup.clear()
                await self.wakeup.wait()
        except ConnectionClosed:
            pass

    async def watch(self):
        """Poll what waits for this client, pongs of the library included."""
        while not self.closing:
            await asyncio.sleep(POLL_S)
            now = self.loop.time()
            unsent = self.ws.transport.get_write_buffer_size()
            if unsent == 0:
                self.unsent_since = None
            elif self.unsent_since is None:
                self.unsent_since = now
            if self.in_flight_since is not None:
                oldest = self.in_flight_since
            elif self.queue:
                oldest = self.queue[0][0]
            else:
                oldest = self.unsent_since
            if self.waiting_bytes() > OUTBOX_BYTES or (
                oldest is not None and now - oldest > OUTBOX_AGE_S
            ):
                self.close_soon(1013)
                return

    # -- the end

    def leave_all(self):
        for room_id in self.rooms:
            room = rooms.get(room_id)
            if room is not None:
                room.discard(self)
                if not room:
                    del rooms[room_id]
        self.rooms.clear()

    def close_soon(self, code):
        if self.closing:
            return
        self.begin_close(code)
        task = self.loop.create_task(self.end_close(code))
        background.add(task)
        task.add_done_callback(background.discard)

    async def close(self, code):
        if self.closing:
            return
        self.begin_close(code)
        await self.end_close(code)

    def begin_close(self, code):
        self.closing = True  # from here on nothing is read and nothing is queued
        self.leave_all()
        if code == 1013:
            self.queue.clear()
            self.queued_bytes = 0
        self.wakeup.set()

    async def end_close(self, code):
        if code == 1013:
            self.writer.cancel()
        # Answers that were queued before the close are sent before it.
        await asyncio.wait([self.writer], timeout=CLOSE_DEADLINE_S)
        self.writer.cancel()
        try:
            async with asyncio.timeout(CLOSE_DEADLINE_S):
                await self.ws.close(code, REASONS[code])
        except (TimeoutError, ConnectionClosed):
            pass
        finally:
            self.ws.transport.abort()


# ------------------------------------------------------------------ messages


class Invalid(Exception):
    pass


def refuse_constant(_name):
    raise ValueError("not JSON")


def utf16_units(text):
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut_utf16(text, units):
    data = text.encode("utf-16-le", "surrogatepass")[: units * 2]
    return data.decode("utf-16-le", "surrogatepass")


def parse(raw):
    """The checked message with known fields only, or Invalid."""
    if len(raw) > MAX_MESSAGE_BYTES or len(raw.encode()) > MAX_MESSAGE_BYTES:
        raise Invalid
    try:
        # Numbers as floats, as in JavaScript: no limit on digits.
        data = json.loads(raw, parse_constant=refuse_constant, parse_int=float)
    except (ValueError, RecursionError):
        raise Invalid from None
    if not isinstance(data, dict):
        raise Invalid
    kind = data.get("type")
    if not isinstance(kind, str):
        raise Invalid
    if kind == "auth":
        token = data.get("token")
        if not isinstance(token, str) or utf16_units(token) < 8:
            raise Invalid
        return {"type": "auth", "token": token}
    if kind == "join":
        return {"type": "join", "roomId": checked_room(data)}
    if kind == "chat":
        room_id = checked_room(data)
        text = data.get("text")
        if not isinstance(text, str) or not 1 <= utf16_units(text) <= 1000:
            raise Invalid
        request_id = data.get("requestId")
        if isinstance(request_id, str):
            request_id = cut_utf16(request_id, 100)
        else:
            request_id = str(uuid.uuid4())
        return {"type": "chat", "roomId": room_id, "text": text, "requestId": request_id}
    if kind == "ping":
        return {"type": "ping"}
    raise Invalid


def checked_room(data):
    room_id = data.get("roomId")
    if not isinstance(room_id, str) or not ROOM_ID.fullmatch(room_id):
        raise Invalid
    return room_id


def token_matches(token):
    return hmac.compare_digest(
        token.encode("utf-8", "surrogatepass"), DEV_TOKEN.encode("utf-8", "surrogateescape")
    )


def record(line):
    """Write the event to the audit log, outside of delivery. Raises OSError."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def handle(member, message):
    """Act on one valid message. Returns a close code, or None."""
    kind = message["type"]

    if member.user_id is None:
        if kind != "auth" or not token_matches(message["token"]):
            return 4403
        member.user_id = "u-" + secrets.token_hex(8)
        member.put(encode({
            "type": "auth_ok",
            "connectionId": member.connection_id,
            "userId": member.user_id,
        }))
        return None

    if kind == "auth":
        return None  # a second auth changes nothing

    if kind == "join":
        room_id = message["roomId"]
        rooms.setdefault(room_id, set()).add(member)
        member.rooms.add(room_id)
        member.put(encode({"type": "joined", "roomId": room_id}))
        return None

    if kind == "ping":
        member.put(encode({"type": "pong", "sentAt": now_iso()}))
        return None

    # chat
    room_id = message["roomId"]
    if room_id not in member.rooms:
        return 1008
    line = encode({
        "type": "chat",
        "id": str(uuid.uuid4()),
        "requestId": message["requestId"],
        "roomId": room_id,
        "userId": member.user_id,
        "text": message["text"],
        "sentAt": now_iso(),
    })
    try:
        record(line)
    except (OSError, ValueError):
        return 1011  # not recorded, so not delivered
    for other in list(rooms[room_id]):
        other.put(line)
    return None


async def receive(member):
    if member.user_id is not None:
        return await member.ws.recv()
    async with asyncio.timeout_at(member.ws.opened_at + AUTH_TIMEOUT_S):
        return await member.ws.recv()


async def handler(ws):
    member = Member(ws)
    members.add(member)
    try:
        while not member.closing:
            try:
                raw = await receive(member)
            except TimeoutError:
                await member.close(4401)
                break
            if member.closing:
                break
            if not isinstance(raw, str):
                await member.close(1003)
                break
            try:
                message = parse(raw)
            except Invalid:
                await member.close(1008)
                break
            code = handle(member, message)
            if code is not None:
                await member.close(code)
                break
    except ConnectionClosed:
        pass
    except Exception as error:
        # The type only: the text of an error may contain what the client sent.
        print("internal error:", type(error).__name__, file=sys.stderr)
        await member.close(1011)
    finally:
        members.discard(member)
        member.leave_all()
        member.guard.cancel()
        if not member.closing:
            member.closing = True
            member.writer.cancel()


async def main():
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, stop.set)
        except NotImplementedError:
            pass

    async with serve(
        handler,
        HOST,
        PORT,
        create_connection=RoomConnection,
        process_request=process_request,
        process_response=process_response,
        server_header=None,
        compression=None,
        open_timeout=AUTH_TIMEOUT_S,
        ping_interval=PING_INTERVAL_S,
        ping_timeout=PING_TIMEOUT_S,
        close_timeout=CLOSE_DEADLINE_S,
        max_size=MAX_FRAME_BYTES,
        max_queue=8,
        write_limit=0,
        logger=quiet,
    ):
        print(f"listening on {HOST}:{PORT}", file=sys.stderr)
        await stop.wait()
        await asyncio.gather(*(member.close(1001) for member in list(members)))


if __name__ == "__main__":
    asyncio.run(main())

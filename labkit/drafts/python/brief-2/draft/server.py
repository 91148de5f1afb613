"""Room server over WebSocket.

A connection is read by its handler, written by its writer task, and watched by
one monitor for all connections. A recorder thread writes each event to standard
output; an event is delivered only after it was written.
"""

import os

os.environ["WEBSOCKETS_MAX_NUM_HEADERS"] = "32"
os.environ["WEBSOCKETS_MAX_LINE_LENGTH"] = "2048"

import asyncio
import hmac
import json
import logging
import queue
import random
import re
import secrets
import signal
import socket
import sys
import threading
from collections import deque
from datetime import datetime, timezone

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

AUTH_TIMEOUT_S = 5
PING_INTERVAL_S = 30
PING_TIMEOUT_S = 10
CLOSE_DEADLINE_S = 1
OUTBOX_BYTES = 1_048_576
OUTBOX_AGE_S = 5
MAX_MESSAGE_BYTES = 8_192
MAX_FRAME_BYTES = 65_536
MAX_HEAD_BYTES = 16_384
MONITOR_S = 0.25

CLOSE_REASONS = {
    1000: "done",
    1001: "going away",
    1002: "protocol error",
    1003: "text only",
    1007: "invalid UTF-8",
    1008: "invalid message",
    1009: "frame too big",
    1011: "internal error",
    1012: "restart",
    1013: "slow",
    4401: "auth required",
    4403: "auth failed",
    4408: "no pong",
}


class Refuse(Exception):
    """Close this connection with a code from the table."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def to_json(value):
    """ASCII JSON, so that the number of characters is the number of bytes."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def timestamp():
    text = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


# --------------------------------------------------------------------------
# Validation
# --------------------------------------------------------------------------

ROOM_PATTERN = re.compile(r"[a-zA-Z0-9:_-]{1,64}")


def utf16(text):
    return text.encode("utf-16-le", "surrogatepass")


def no_constants(name):
    raise ValueError("NaN and Infinity are not JSON")


DECODER = json.JSONDecoder(parse_int=float, parse_constant=no_constants)


def check_auth(data):
    token = data.get("token")
    if not isinstance(token, str) or len(utf16(token)) // 2 < 8:
        raise Refuse(1008)
    return {"token": token}


def check_join(data):
    room_id = data.get("roomId")
    if not isinstance(room_id, str) or ROOM_PATTERN.fullmatch(room_id) is None:
        raise Refuse(1008)
    return {"roomId": room_id}


def check_chat(data):
    fields = check_join(data)
    text = data.get("text")
    if not isinstance(text, str) or not 1 <= len(utf16(text)) // 2 <= 1000:
        raise Refuse(1008)
    request_id = data.get("requestId")
    if isinstance(request_id, str):
        request_id = utf16(request_id)[:200].decode("utf-16-le", "surrogatepass")
    else:
        request_id = "r-" + secrets.token_hex(8)
    return fields | {"text": text, "requestId": request_id}


def check_ping(data):
    return {}


CHECKS = {"auth": check_auth, "join": check_join, "chat": check_chat, "ping": check_ping}


def parse_message(raw):
    """(type, known fields) of a valid message; Refuse(1008) for any other."""
    try:
        data = DECODER.decode(raw)
    except (ValueError, RecursionError):
        raise Refuse(1008) from None
    if not isinstance(data, dict):
        raise Refuse(1008)
    kind = data.get("type")
    if not isinstance(kind, str) or kind not in CHECKS:
        raise Refuse(1008)
    return kind, CHECKS[kind](data)


# --------------------------------------------------------------------------
# Recording
# --------------------------------------------------------------------------


class Recorder:
    """Writes lines to standard output in its own thread, then calls back.

    The callbacks run in the event loop, in the order of the lines. If nobody
    reads standard output, senders wait, and everything else goes on.
    """

    def __init__(self, loop):
        self.loop = loop
        self.lines = queue.SimpleQueue()
        self.thread = threading.Thread(target=self.run, name="recorder", daemon=True)
        self.thread.start()

    async def record(self, line, deliver):
        done = self.loop.create_future()
        self.lines.put((line, deliver, done))
        await done

    def run(self):
        out = sys.stdout.buffer
        while True:
            batch = [self.lines.get()]
            try:
                while len(batch) < 256:
                    batch.append(self.lines.get_nowait())
            except queue.Empty:
                pass
            try:
                out.write(b"".join(line.encode("ascii") + b"\n" for line, _, _ in batch))
                out.flush()
                stored = True
            except (OSError, ValueError):
                stored = False
            try:
                self.loop.call_soon_threadsafe(self.finish, batch, stored)
            except RuntimeError:
                return  # the loop is closed

    def finish(self, batch, stored):
        for line, deliver, done in batch:
            if stored:
                deliver(line)
            if not done.done():
                if stored:
                    done.set_result(None)
                else:
                    done.set_exception(Refuse(1011))


# --------------------------------------------------------------------------
# Connections
# --------------------------------------------------------------------------


class Connection(ServerConnection):
    """A connection of the library with an outbox, a heartbeat and fixed reasons."""

    def __init__(self, protocol, *args, **kwargs):
        super().__init__(protocol, *args, **kwargs)
        fix_reasons(protocol)
        self.connection_id = "conn-" + secrets.token_hex(8)
        self.user_id = None
        self.rooms = set()
        self.auth_deadline = None
        self.ended = False
        self.outbox = deque()  # (queued at, size, text)
        self.outbox_size = 0
        self.sending_since = None
        self.buffered_since = None
        self.more = asyncio.Event()
        self.closing_with = None  # (code, reason) after the outbox was sent
        self.writer_task = None
        self.end_task = None

    def connection_made(self, transport):
        self.auth_deadline = asyncio.get_running_loop().time() + AUTH_TIMEOUT_S
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 131_072)
        super().connection_made(transport)

    async def keepalive(self):
        """Replaces the library's loop, which closes with 1011 instead of 4408."""
        await asyncio.sleep(self.ping_interval * random.uniform(0.5, 1))
        while True:
            started = self.loop.time()
            try:
                pong = await self.ping(secrets.token_bytes(8))
                async with asyncio.timeout(self.ping_timeout):
                    await pong
            except TimeoutError:
                self.end(4408)
                return
            except ConnectionClosed:
                return
            await asyncio.sleep(max(0, started + self.ping_interval - self.loop.time()))

    # What is sent

    def post(self, text):
        """Queue a text for this client; never waits."""
        if self.ended:
            return
        self.outbox.append((self.loop.time(), len(text), text))
        self.outbox_size += len(text)
        self.more.set()
        if self.waiting() > OUTBOX_BYTES:
            self.end(1013)

    def waiting(self):
        return self.outbox_size + self.transport.get_write_buffer_size()

    def oldest(self):
        """The time since which something waits for this client, or None."""
        if self.sending_since is not None:
            return self.sending_since
        if self.outbox:
            return self.outbox[0][0]
        return self.buffered_since

    def check_outbox(self, now):
        if self.transport.get_write_buffer_size() == 0:
            self.buffered_since = None
        elif self.buffered_since is None:
            self.buffered_since = now
        oldest = self.oldest()
        if self.waiting() > OUTBOX_BYTES:
            self.end(1013)
        elif oldest is not None and now - oldest >= OUTBOX_AGE_S:
            self.end(1013)

    async def run_writer(self):
        try:
            while True:
                while self.outbox:
                    queued_at, size, text = self.outbox.popleft()
                    self.outbox_size -= size
                    self.sending_since = queued_at
                    await self.send(text)
                    self.sending_since = None
                if self.ended:
                    return
                self.more.clear()
                await self.more.wait()
        except ConnectionClosed:
            return

    # The end

    def end(self, code, reason=None):
        """Leave all rooms now, send what waits, close, and abort if need be."""
        if self.ended:
            return
        self.ended = True
        hub.remove(self)
        if code == 1013:
            self.outbox.clear()
            self.outbox_size = 0
        self.more.set()
        self.end_task = self.loop.create_task(self.run_end(code, reason or CLOSE_REASONS[code]))

    async def run_end(self, code, reason):
        try:
            if self.writer_task is not None:
                if code in (1013, 4408):
                    self.writer_task.cancel()
                await asyncio.wait({self.writer_task}, timeout=CLOSE_DEADLINE_S)
                # A blocked writer holds the library's lock: without this, close() waits.
                self.writer_task.cancel()
            async with asyncio.timeout(CLOSE_DEADLINE_S):
                await self.close(code, reason)
        except (TimeoutError, ConnectionClosed):
            pass
        finally:
            self.transport.abort()


def fix_reasons(protocol):
    """Send only reasons from the table, also when the library closes."""
    original_fail, original_send = protocol.fail, protocol.send_frame

    def fail(code, reason=""):
        original_fail(code, CLOSE_REASONS.get(int(code), ""))

    def send_frame(frame):
        if frame.opcode is Opcode.CLOSE and protocol.close_rcvd is not None:
            # The answer to a close frame: its code, but not its reason.
            code = bytes(frame.data[:2])
            reason = CLOSE_REASONS.get(int.from_bytes(code, "big"), "") if code else ""
            frame = Frame(Opcode.CLOSE, code + reason.encode())
        original_send(frame)

    protocol.fail = fail
    protocol.send_frame = send_frame


# --------------------------------------------------------------------------
# Rooms
# --------------------------------------------------------------------------


class Hub:
    def __init__(self):
        self.token = os.environ.get("DEV_TOKEN", "dev-token").encode("utf-8", "surrogateescape")
        self.connections = set()
        self.rooms = {}
        self.recorder = None

    def add(self, connection):
        self.connections.add(connection)

    def remove(self, connection):
        self.connections.discard(connection)
        for room_id in connection.rooms:
            members = self.rooms.get(room_id, set())
            members.discard(connection)
            if not members:
                self.rooms.pop(room_id, None)
        connection.rooms.clear()

    def window_ms(self):
        return max(1000, 20 * len(self.connections))

    async def dispatch(self, connection, kind, fields):
        if connection.user_id is None:
            self.login(connection, kind, fields)
        elif kind == "join":
            self.join(connection, fields["roomId"])
        elif kind == "chat":
            await self.chat(connection, fields)
        elif kind == "ping":
            connection.post(to_json({"type": "pong", "sentAt": timestamp()}))
        # A second auth is ignored.

    def login(self, connection, kind, fields):
        if kind != "auth":
            raise Refuse(4403)
        token = fields["token"].encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(token, self.token):
            raise Refuse(4403)
        connection.user_id = "user-" + secrets.token_hex(8)
        connection.post(to_json({
            "type": "auth_ok",
            "connectionId": connection.connection_id,
            "userId": connection.user_id,
            "reconnect": {"windowMs": self.window_ms()},
        }))

    def join(self, connection, room_id):
        self.rooms.setdefault(room_id, set()).add(connection)
        connection.rooms.add(room_id)
        connection.post(to_json({"type": "joined", "roomId": room_id}))

    async def chat(self, connection, fields):
        room_id = fields["roomId"]
        if room_id not in connection.rooms:
            raise Refuse(1008)
        event = {
            "type": "chat",
            "id": "evt-" + secrets.token_hex(16),
            "requestId": fields["requestId"],
            "roomId": room_id,
            "userId": connection.user_id,
            "text": fields["text"],
            "sentAt": timestamp(),
        }

        def deliver(line):
            for member in tuple(self.rooms.get(room_id, ())):
                member.post(line)

        await self.recorder.record(to_json(event), deliver)

    async def monitor(self):
        while True:
            await asyncio.sleep(MONITOR_S)
            now = asyncio.get_running_loop().time()
            for connection in tuple(self.connections):
                connection.check_outbox(now)


hub = Hub()


async def read_message(connection):
    """One text message; Refuse for a binary one, or as soon as it is too long."""
    parts, size = [], 0
    async for part in connection.recv_streaming():
        if not isinstance(part, str):
            raise Refuse(1003)
        size += len(part.encode())
        if size > MAX_MESSAGE_BYTES:
            raise Refuse(1008)
        parts.append(part)
    return "".join(parts)


async def next_message(connection):
    if connection.user_id is not None:
        return await read_message(connection)
    try:
        async with asyncio.timeout_at(connection.auth_deadline):
            return await read_message(connection)
    except TimeoutError:
        raise Refuse(4401) from None


async def handler(connection):
    hub.add(connection)
    connection.writer_task = asyncio.create_task(connection.run_writer())
    try:
        while not connection.ended:
            raw = await next_message(connection)
            if connection.ended:
                break
            kind, fields = parse_message(raw)
            await hub.dispatch(connection, kind, fields)
    except Refuse as refused:
        connection.end(refused.code)
    except ConnectionClosed:
        pass
    except Exception as error:
        print("internal error: " + type(error).__name__, file=sys.stderr, flush=True)
        connection.end(1011)
    finally:
        if connection.end_task is not None:
            await connection.end_task
        connection.ended = True
        hub.remove(connection)
        connection.writer_task.cancel()


# --------------------------------------------------------------------------
# HTTP
# --------------------------------------------------------------------------


def head_size(request):
    size = len(request.path) + len("GET  HTTP/1.1\r\n\r\n")
    for name, value in request.headers.raw_items():
        size += len(name) + len(value) + len(": \r\n")
    return size


def process_request(connection, request):
    if head_size(request) > MAX_HEAD_BYTES:
        return connection.respond(431, "request head too large\n")
    handshake = ("Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version")
    if any(name in request.headers for name in handshake):
        return None
    if request.path.partition("?")[0] == "/":
        return connection.respond(200, "room server\n")
    return connection.respond(404, "not found\n")


def process_response(connection, request, response):
    """An error of the library quotes the headers: send a fixed text instead."""
    if response.status_code < 400:
        return None
    fixed = connection.respond(response.status_code, "error\n")
    if "Upgrade" in response.headers:
        fixed.headers["Upgrade"] = "websocket"
    return fixed


def silent_logger():
    logger = logging.getLogger("room-server.silent")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    logger.disabled = True
    return logger


async def main():
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    hub.recorder = Recorder(loop)
    monitor = asyncio.create_task(hub.monitor())
    server = await serve(
        handler,
        "127.0.0.1",
        int(os.environ.get("PORT", "8080")),
        create_connection=Connection,
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
        logger=silent_logger(),
        backlog=512,
    )
    await stopping.wait()
    window = hub.window_ms()
    ending = tuple(hub.connections)
    for connection in ending:
        # A slot of its own for each client, so that they do not return together.
        connection.end(1012, f"restart retry={random.randrange(window)}")
    await asyncio.gather(*(c.end_task for c in ending if c.end_task), return_exceptions=True)
    server.close()
    await server.wait_closed()
    monitor.cancel()


if __name__ == "__main__":
    asyncio.run(main())

"""Room server: authenticate, join rooms, chat. Start it with `python3 server.py`.

Each connection is a task group of a reader, a writer and a guard. The first of
them that raises Close(code) decides how the connection ends.
"""

import os

os.environ["WEBSOCKETS_MAX_NUM_HEADERS"] = "32"
os.environ["WEBSOCKETS_MAX_LINE_LENGTH"] = "2048"

import asyncio
import contextlib
import hmac
import json
import logging
import re
import signal
import socket
import sys
import uuid
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

LIMITS = {
    "auth_timeout_s": 5,
    "ping_interval_s": 30,
    "ping_timeout_s": 10,
    "close_deadline_s": 1,
    "outbox_bytes": 1048576,
    "outbox_age_s": 5,
    "max_message_bytes": 8192,
    "max_frame_bytes": 65536,
    "max_head_bytes": 16384,
    "guard_interval_s": 0.2,
}

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

TOKEN = os.environ.get("DEV_TOKEN", "dev-token")


class Close(Exception):
    def __init__(self, code: int):
        super().__init__(code)
        self.code = code


@dataclass(eq=False)
class Client:
    ws: Any
    connection_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    user_id: str | None = None
    rooms: set = field(default_factory=set)
    outbox: deque = field(default_factory=deque)  # (queued at, text)
    outbox_bytes: int = 0
    sending_at: float | None = None
    stuck_at: float | None = None
    has_output: asyncio.Event = field(default_factory=asyncio.Event)
    fate: int | None = None  # the code that the guard closes with
    alarm: asyncio.Event = field(default_factory=asyncio.Event)
    finished: bool = False

    def waiting_bytes(self) -> int:
        return self.outbox_bytes + self.ws.transport.get_write_buffer_size()

    def doom(self, code: int) -> None:
        if self.fate is None:
            self.fate = code
            self.alarm.set()

    def post(self, text: str) -> None:
        if self.finished or self.fate is not None:
            return
        self.outbox.append((clock(), text))
        self.outbox_bytes += len(text)  # the text is ASCII
        self.has_output.set()
        if self.waiting_bytes() > LIMITS["outbox_bytes"]:
            self.doom(1013)

    def take(self):
        queued_at, text = self.outbox.popleft()
        self.outbox_bytes -= len(text)
        return queued_at, text


clients: set[Client] = set()
rooms: defaultdict[str, set[Client]] = defaultdict(set)


def clock() -> float:
    return asyncio.get_running_loop().time()


def utc_now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def dump(**message) -> str:
    return json.dumps(message, separators=(",", ":"))


# ----------------------------------------------------------------- validation


def units(text: str) -> int:
    """The length as a browser counts it."""
    return len(text) + sum(char > "\uffff" for char in text)


def first_units(text: str, count: int) -> str:
    if units(text) <= count:
        return text
    data = text.encode("utf-16-le", "surrogatepass")[: 2 * count]
    return data.decode("utf-16-le", "surrogatepass")


def is_token(value) -> bool:
    return isinstance(value, str) and units(value) >= 8


def is_room(value) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[a-zA-Z0-9:_-]{1,64}", value) is not None


def is_text(value) -> bool:
    return isinstance(value, str) and 1 <= units(value) <= 1000


SCHEMA = {
    "auth": {"token": is_token},
    "join": {"roomId": is_room},
    "chat": {"roomId": is_room, "text": is_text},
    "ping": {},
}


def reject_constant(name):
    raise ValueError(name)


def validate(raw) -> dict:
    """The message, reduced to the fields of its type. Raises Close."""
    if not isinstance(raw, str):
        raise Close(1003)
    if len(raw.encode()) > LIMITS["max_message_bytes"]:
        raise Close(1008)
    try:
        message = json.loads(raw, parse_int=float, parse_constant=reject_constant)
    except (ValueError, RecursionError):
        raise Close(1008) from None
    if not isinstance(message, dict):
        raise Close(1008)
    kind = message.get("type")
    if not isinstance(kind, str) or kind not in SCHEMA:
        raise Close(1008)
    clean = {"type": kind}
    for name, is_valid in SCHEMA[kind].items():
        if not is_valid(message.get(name)):
            raise Close(1008)
        clean[name] = message[name]
    if kind == "chat":
        request_id = message.get("requestId")
        if isinstance(request_id, str):
            clean["requestId"] = first_units(request_id, 100)
        else:
            clean["requestId"] = str(uuid.uuid4())
    return clean


# ------------------------------------------------------------------ publishing


class Publisher:
    """Records events one batch after the other, and delivers each batch then."""

    def __init__(self):
        self.queue = asyncio.Queue(maxsize=1000)

    async def publish(self, room_id: str, line: str) -> None:
        """Returns once the event is recorded and queued for the members."""
        done = asyncio.get_running_loop().create_future()
        await self.queue.put((room_id, line, done))
        if not await done:
            raise Close(1011)

    async def run(self) -> None:
        while True:
            batch = [await self.queue.get()]
            while not self.queue.empty():
                batch.append(self.queue.get_nowait())
            try:
                # In a thread, because whoever reads standard output may be slow.
                await asyncio.to_thread(record, [line for _, line, _ in batch])
                recorded = True
            except (OSError, ValueError):
                recorded = False
            for room_id, line, done in batch:
                if recorded and room_id in rooms:
                    for member in list(rooms[room_id]):
                        member.post(line)
                if not done.done():
                    done.set_result(recorded)


def record(lines: list[str]) -> None:
    sys.stdout.write("".join(line + "\n" for line in lines))
    sys.stdout.flush()


publisher: Publisher


# -------------------------------------------------------------------- handlers


async def on_auth(client: Client, message: dict) -> None:
    given = message["token"].encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(given, TOKEN.encode("utf-8", "surrogateescape")):
        raise Close(4403)
    client.user_id = str(uuid.uuid4())
    client.post(dump(type="auth_ok", connectionId=client.connection_id, userId=client.user_id))


async def on_join(client: Client, message: dict) -> None:
    room_id = message["roomId"]
    rooms[room_id].add(client)
    client.rooms.add(room_id)
    client.post(dump(type="joined", roomId=room_id))


async def on_chat(client: Client, message: dict) -> None:
    room_id = message["roomId"]
    if room_id not in client.rooms:
        raise Close(1008)
    line = dump(
        type="chat",
        id=str(uuid.uuid4()),
        requestId=message["requestId"],
        roomId=room_id,
        userId=client.user_id,
        text=message["text"],
        sentAt=utc_now(),
    )
    await publisher.publish(room_id, line)


async def on_ping(client: Client, message: dict) -> None:
    client.post(dump(type="pong", sentAt=utc_now()))


HANDLERS = {"join": on_join, "chat": on_chat, "ping": on_ping}


async def dispatch(client: Client, message: dict) -> None:
    kind = message["type"]
    if client.user_id is None:
        if kind != "auth":
            raise Close(4403)
        await on_auth(client, message)
    elif kind in HANDLERS:  # a second auth is ignored
        await HANDLERS[kind](client, message)


# ------------------------------------------------------------------ connection


async def read(client: Client) -> None:
    try:
        async with asyncio.timeout_at(client.ws.handshake_at + LIMITS["auth_timeout_s"]):
            while client.user_id is None:
                await dispatch(client, validate(await client.ws.recv()))
    except TimeoutError:
        raise Close(4401) from None
    while True:
        raw = await client.ws.recv()
        if client.fate is not None:
            return
        await dispatch(client, validate(raw))


async def write(client: Client) -> None:
    while True:
        await client.has_output.wait()
        client.has_output.clear()
        while client.outbox:
            client.sending_at, text = client.take()
            await client.ws.send(text)  # waits until nothing is left in the buffer
            client.sending_at = None


async def guard(client: Client) -> None:
    """Ends a client that is too far behind, or that was doomed elsewhere."""
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(client.alarm.wait(), LIMITS["guard_interval_s"])
        if client.fate is not None:
            raise Close(client.fate)
        now = clock()
        # The library answers pings by itself: its pongs are only in this buffer.
        if client.ws.transport.get_write_buffer_size() == 0:
            client.stuck_at = None
        elif client.stuck_at is None:
            client.stuck_at = now
        since = client.sending_at
        if since is None:
            since = client.outbox[0][0] if client.outbox else client.stuck_at
        if client.waiting_bytes() > LIMITS["outbox_bytes"]:
            client.doom(1013)
        elif since is not None and now - since > LIMITS["outbox_age_s"]:
            client.doom(1013)


def forget(client: Client) -> None:
    client.finished = True
    clients.discard(client)
    for room_id in client.rooms:
        rooms[room_id].discard(client)
        if not rooms[room_id]:
            del rooms[room_id]
    client.rooms.clear()


async def finish(client: Client, code: int) -> None:
    deadline = LIMITS["close_deadline_s"]
    try:
        if code != 1013:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(deadline):
                    while client.outbox:
                        await client.ws.send(client.take()[1])
        async with asyncio.timeout(deadline):
            await client.ws.close(code, REASONS[code])
    except (TimeoutError, ConnectionClosed):
        pass
    finally:
        client.ws.transport.abort()


async def handler(ws) -> None:
    client = Client(ws)
    clients.add(client)
    code = None
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(read(client))
            tasks.create_task(write(client))
            tasks.create_task(guard(client))
    except* Close as group:
        code = group.exceptions[0].code
    except* ConnectionClosed:
        pass
    except* Exception as group:
        # Only the type: the message of an exception may quote what a client sent.
        print(f"internal error: {type(group.exceptions[0]).__name__}", file=sys.stderr)
        code = 1011
    finally:
        forget(client)
    if code is not None:
        await finish(client, code)


# ------------------------------------------------------------------------ http


def fix_close_frames(protocol) -> None:
    """The library's own close frames get our codes and reasons too."""
    fail, send_frame = protocol.fail, protocol.send_frame

    def fixed_fail(code, reason=""):
        if reason == "keepalive ping timeout":
            code = 4408
        fail(code, REASONS.get(int(code), ""))

    def fixed_send_frame(frame):
        if frame.opcode is Opcode.CLOSE and protocol.close_rcvd is not None:
            code = bytes(frame.data[:2])
            reason = REASONS.get(int.from_bytes(code, "big"), "") if len(code) == 2 else ""
            frame = Frame(Opcode.CLOSE, code + reason.encode())
        send_frame(frame)

    protocol.fail = fixed_fail
    protocol.send_frame = fixed_send_frame


def process_request(ws, request):
    ws.handshake_at = clock()
    fix_close_frames(ws.protocol)
    sock = ws.transport.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    head = 20 + len(request.path)
    head += sum(len(name) + len(value) + 4 for name, value in request.headers.raw_items())
    if head > LIMITS["max_head_bytes"]:
        return ws.respond(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "head too large\n")
    for name in ("Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version"):
        if name in request.headers:
            return None
    if request.path.split("?")[0] == "/":
        return ws.respond(HTTPStatus.OK, "ok\n")
    return ws.respond(HTTPStatus.NOT_FOUND, "not found\n")


def process_response(ws, request, response):
    if response.status_code < 400:
        return None
    plain = ws.respond(HTTPStatus(response.status_code), "request refused\n")
    if response.status_code == 426:
        plain.headers["Upgrade"] = "websocket"
    return plain


async def main() -> None:
    global publisher
    publisher = Publisher()
    publishing = asyncio.create_task(publisher.run())

    # The library's log may quote requests.
    logger = logging.getLogger("room-server")
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False

    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)

    async with serve(
        handler,
        "127.0.0.1",
        int(os.environ.get("PORT", "8080")),
        process_request=process_request,
        process_response=process_response,
        compression=None,
        server_header=None,
        open_timeout=LIMITS["auth_timeout_s"],
        ping_interval=LIMITS["ping_interval_s"],
        ping_timeout=LIMITS["ping_timeout_s"],
        close_timeout=LIMITS["close_deadline_s"],
        max_size=LIMITS["max_frame_bytes"],
        max_queue=4,
        write_limit=0,
        logger=logger,
    ):
        await stop.wait()
        for client in list(clients):
            client.doom(1001)
        for _ in range(30):
            if not clients:
                break
            await asyncio.sleep(0.1)
        await asyncio.sleep(LIMITS["close_deadline_s"])
    publishing.cancel()


if __name__ == "__main__":
    asyncio.run(main())

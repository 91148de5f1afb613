"""Realtime server: authentication, rooms, heartbeat, backpressure.

The session token is signed (HMAC-SHA256) and expires. Make one with
`python make_token.py NAME`.
"""

import asyncio
import json
import logging
import os
import time
from collections import defaultdict
from pathlib import Path

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response

from audit import AuditLog
from tokens import InvalidToken, verify

PORT = int(os.environ.get("PORT", "8080"))
HERE = Path(__file__).resolve().parent

AUTH_TIMEOUT = 10
PING_EVERY = 20
PONG_WITHIN = 20
MAX_FRAME = 16 * 1024
MAX_BUFFERED = 1024 * 1024
MAX_TEXT = 2000
MAX_ROOM_ID = 64
CLOSE_WAIT = 5

logger = logging.getLogger("realtime")


class PolicyViolation(Exception):
    """Leads to close code 1008."""


class Session:
    def __init__(self, ws: ServerConnection):
        self.ws = ws
        self.user = None
        self.rooms = set()
        self.last_pong = time.monotonic()
        self.closing = False


rooms = defaultdict(set)
background = set()


# ---------------------------------------------------------------- messages

def text_field(message, key, limit):
    value = message.get(key)
    if not isinstance(value, str) or not value.strip() or len(value) > limit:
        raise PolicyViolation(f"invalid {key}")
    return value.strip()


def decode(raw):
    if not isinstance(raw, str):
        raise PolicyViolation("binary message")
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError):
        raise PolicyViolation("invalid JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise PolicyViolation("message without type")

    kind = message["type"]
    if kind == "auth":
        return {"type": kind, "token": text_field(message, "token", 1024)}
    if kind in ("join", "leave"):
        return {"type": kind, "roomId": text_field(message, "roomId", MAX_ROOM_ID)}
    if kind == "chat":
        return {
            "type": kind,
            "roomId": text_field(message, "roomId", MAX_ROOM_ID),
            "text": text_field(message, "text", MAX_TEXT),
        }
    raise PolicyViolation("unknown type")


# ---------------------------------------------------------------- delivery

def send(session, data):
    """Hand the data to the transport, unless too much is waiting there."""
    if session.closing:
        return
    if session.ws.transport.get_write_buffer_size() > MAX_BUFFERED:
        logger.warning("user %s reads too slowly", session.user)
        task = asyncio.create_task(shut(session, 1013, "slow consumer"))
        background.add(task)
        task.add_done_callback(background.discard)
        session.closing = True
        return
    broadcast([session.ws], data)


def send_json(session, **message):
    send(session, json.dumps(message))


def send_room(room_id, **message):
    data = json.dumps(message)
    for session in list(rooms.get(room_id, ())):
        send(session, data)


async def shut(session, code, reason):
    session.closing = True
    leave_all(session)
    try:
        async with asyncio.timeout(CLOSE_WAIT):
            await session.ws.close(code, reason)
    except TimeoutError:
        session.ws.transport.abort()


# ---------------------------------------------------------------- rooms

def join(session, room_id):
    rooms[room_id].add(session)
    session.rooms.add(room_id)


def leave(session, room_id):
    session.rooms.discard(room_id)
    rooms[room_id].discard(session)
    if not rooms[room_id]:
        del rooms[room_id]


def leave_all(session):
    for room_id in list(session.rooms):
        leave(session, room_id)
        send_room(room_id, type="presence", roomId=room_id, user=session.user, state="left")


# ---------------------------------------------------------------- connection

async def authenticate(session, audit):
    try:
        async with asyncio.timeout(AUTH_TIMEOUT):
            message = decode(await session.ws.recv())
    except TimeoutError:
        raise PolicyViolation("authentication timeout") from None
    if message["type"] != "auth":
        raise PolicyViolation("authentication required")
    try:
        session.user = verify(message["token"])
    except InvalidToken:
        audit.append("auth.failed")
        raise PolicyViolation("authentication failed") from None
    audit.append("auth.ok", user=session.user)
    send_json(session, type="auth.ok", user=session.user)


def dispatch(session, message, audit):
    kind = message["type"]
    if kind == "auth":
        raise PolicyViolation("already authenticated")
    room_id = message["roomId"]

    if kind == "join":
        if room_id not in session.rooms:
            audit.append("room.join", user=session.user, roomId=room_id)
            join(session, room_id)
            send_room(room_id, type="presence", roomId=room_id, user=session.user, state="joined")
        send_json(session, type="joined", roomId=room_id,
                  users=sorted({s.user for s in rooms[room_id]}))
        return

    if room_id not in session.rooms:
        raise PolicyViolation("not a member of the room")

    if kind == "leave":
        audit.append("room.leave", user=session.user, roomId=room_id)
        leave(session, room_id)
        send_room(room_id, type="presence", roomId=room_id, user=session.user, state="left")
        send_json(session, type="left", roomId=room_id)
    else:
        # First the record, then the delivery.
        entry = audit.append("chat", user=session.user, roomId=room_id, text=message["text"])
        send_room(room_id, type="chat", id=entry["id"], at=entry["at"], roomId=room_id,
                  user=session.user, text=message["text"])


async def heartbeat(session):
    try:
        while True:
            await asyncio.sleep(PING_EVERY)
            async with asyncio.timeout(PONG_WITHIN):
                pong = await session.ws.ping()
                await pong
            session.last_pong = time.monotonic()
    except TimeoutError:
        logger.info("no pong from %s for %.0f s", session.user, time.monotonic() - session.last_pong)
        session.ws.transport.abort()
    except ConnectionClosed:
        pass


def make_handler(audit):
    async def handler(ws):
        session = Session(ws)
        beat = asyncio.create_task(heartbeat(session))
        try:
            await authenticate(session, audit)
            async for raw in ws:
                if session.closing:
                    break
                dispatch(session, decode(raw), audit)
        except PolicyViolation as violation:
            await shut(session, 1008, str(violation))
        except ConnectionClosed:
            pass
        finally:
            beat.cancel()
            leave_all(session)
            if session.user:
                audit.append("disconnect", user=session.user)

    return handler


def http(connection, request):
    if request.path == "/ws":
        return None
    if request.path != "/":
        return connection.respond(404, "Not found\n")
    body = (HERE / "index.html").read_bytes()
    return Response(200, "OK", Headers({
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(body)),
        "Connection": "close",
    }), body)


async def main():
    audit = AuditLog(HERE / "audit.jsonl")
    async with serve(
        make_handler(audit),
        "localhost",
        PORT,
        process_request=http,
        origins=[f"http://localhost:{PORT}", f"http://127.0.0.1:{PORT}"],
        max_size=MAX_FRAME,
        ping_interval=None,
        close_timeout=CLOSE_WAIT,
    ) as server:
        print(f"http://localhost:{PORT}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass

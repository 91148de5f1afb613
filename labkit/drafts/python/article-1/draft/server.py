"""Foundation of a realtime feature: authenticated rooms over WebSocket."""

import asyncio
import hashlib
import hmac
import json
import logging
import os
import re
import secrets
import time
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from websockets.asyncio.server import broadcast, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response

HOST = "localhost"
PORT = int(os.environ.get("PORT") or 8080)
BASE = Path(__file__).resolve().parent
AUDIT_FILE = Path(os.environ.get("AUDIT_FILE") or BASE / "audit.jsonl")

AUTH_TIMEOUT = 10            # seconds a client has to authenticate
PING_INTERVAL = 20           # seconds between two pings
PONG_TIMEOUT = 10            # seconds within which the pong must arrive
MAX_MESSAGE = 16 * 1024      # bytes of one incoming message
MAX_TEXT = 2000              # characters of one chat text
MAX_BUFFER = 256 * 1024      # bytes that may wait for one client
CLOSE_GRACE = 5              # seconds before a closing connection is aborted
MAX_ROOMS_PER_CLIENT = 20

POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013

ROOM_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

log = logging.getLogger("realtime")


class Invalid(Exception):
    """A message from the client is not valid."""


@dataclass(eq=False)
class Client:
    ws: object
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    user: str | None = None
    rooms: set = field(default_factory=set)
    last_pong: float = field(default_factory=time.monotonic)
    latency: float | None = None
    closing: bool = False


# --- Tokens -----------------------------------------------------------------

def load_tokens():
    """Map from the SHA-256 of a token to a user name.

    TOKENS is a JSON object {"token": "user"}. Without it, two tokens for
    development are made anew at each start.
    """
    raw = os.environ.get("TOKENS")
    if raw:
        tokens = json.loads(raw)
    else:
        tokens = {secrets.token_urlsafe(24): name for name in ("alice", "bob")}
        print("TOKENS is not set. Tokens for this run:")
        for token, name in tokens.items():
            print(f"  {name}: {token}")
    return {hashlib.sha256(t.encode()).digest(): u for t, u in tokens.items()}


def user_for(token, tokens):
    digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
    found = None
    for known, user in tokens.items():
        if hmac.compare_digest(known, digest):
            found = user
    return found


# --- Messages ---------------------------------------------------------------

def is_room_id(value):
    return isinstance(value, str) and ROOM_ID.fullmatch(value) is not None


def is_text(value):
    return isinstance(value, str) and 0 < len(value.strip()) and len(value) <= MAX_TEXT


def is_token(value):
    return isinstance(value, str) and 0 < len(value) <= 512


# For each type: its fields, each with the check of its value.
SCHEMAS = {
    "auth": {"token": is_token},
    "join": {"roomId": is_room_id},
    "leave": {"roomId": is_room_id},
    "chat": {"roomId": is_room_id, "text": is_text},
}


def parse(raw):
    if not isinstance(raw, str):
        raise Invalid("binary messages are not supported")
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError):
        raise Invalid("not JSON") from None
    if not isinstance(message, dict):
        raise Invalid("not an object")
    kind = message.get("type")
    schema = SCHEMAS.get(kind) if isinstance(kind, str) else None
    if schema is None:
        raise Invalid("unknown type")
    if set(message) != {"type", *schema}:
        raise Invalid(f"wrong fields for {kind}")
    for name, check in schema.items():
        if not check(message[name]):
            raise Invalid(f"invalid {name}")
    return message


# --- Server -----------------------------------------------------------------

class Audit:
    """Append-only record, written before a message is delivered.

    Delivery over WebSocket may fail for any client at any time, so it can not
    serve as a record of what happened.
    """

    def __init__(self, path):
        self.path = path
        self.lock = asyncio.Lock()

    async def write(self, event, client, **fields):
        entry = {"at": time.time(), "event": event, "client": client.id, "user": client.user, **fields}
        line = json.dumps(entry) + "\n"
        async with self.lock:
            await asyncio.to_thread(self._append, line)

    def _append(self, line):
        with open(self.path, "a", encoding="utf-8") as f:
            f.write(line)
            f.flush()
            os.fsync(f.fileno())


class Server:
    def __init__(self, tokens, audit):
        self.tokens = tokens
        self.audit = audit
        self.rooms = {}   # roomId -> set of clients
        self.tasks = set()

    # sending

    def send(self, client, message):
        self.deliver([client], message)

    def deliver(self, clients, message):
        """Write without waiting, so that a slow client does not hold up others."""
        data = json.dumps(message)
        for client in list(clients):
            if client.closing:
                continue
            if client.ws.transport.get_write_buffer_size() + len(data) > MAX_BUFFER:
                log.warning("client %s reads too slowly", client.id)
                self.close_soon(client, TRY_AGAIN_LATER, "too much buffered")
                continue
            broadcast([client.ws], data)

    def close_soon(self, client, code, reason):
        if client.closing:
            return
        client.closing = True
        self.leave_all(client)
        task = asyncio.create_task(self.close(client, code, reason))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def close(self, client, code, reason):
        client.closing = True
        try:
            await asyncio.wait_for(client.ws.close(code, reason), CLOSE_GRACE)
        except asyncio.TimeoutError:
            client.ws.transport.abort()

    # rooms

    def leave(self, client, room_id):
        client.rooms.discard(room_id)
        members = self.rooms.get(room_id)
        if members is None or client not in members:
            return
        members.discard(client)
        if members:
            self.deliver(members, {"type": "left", "roomId": room_id, "user": client.user})
        else:
            self.rooms.pop(room_id, None)

    def leave_all(self, client):
        for room_id in list(client.rooms):
            self.leave(client, room_id)

    # one connection

    async def handle(self, ws):
        client = Client(ws)
        heartbeat = asyncio.create_task(self.heartbeat(client))
        try:
            await self.authenticate(client)
            async for raw in ws:
                if client.closing:
                    break
                await self.receive(client, parse(raw))
        except Invalid as error:
            log.info("client %s: %s", client.id, error)
            await self.close(client, POLICY_VIOLATION, str(error))
        except ConnectionClosed:
            pass
        finally:
            heartbeat.cancel()
            client.closing = True
            self.leave_all(client)
            if client.user is not None:
                await self.audit.write("disconnect", client)

    async def authenticate(self, client):
        try:
            raw = await asyncio.wait_for(client.ws.recv(), AUTH_TIMEOUT)
        except asyncio.TimeoutError:
            raise Invalid("authentication timed out") from None
        message = parse(raw)
        if message["type"] != "auth":
            raise Invalid("authenticate first")
        user = user_for(message["token"], self.tokens)
        if user is None:
            await self.audit.write("auth_failed", client)
            raise Invalid("authentication failed")
        client.user = user
        await self.audit.write("auth", client)
        self.send(client, {"type": "ready", "user": user})

    async def receive(self, client, message):
        kind = message["type"]
        if kind == "auth":
            raise Invalid("already authenticated")

        room_id = message["roomId"]
        if kind == "join":
            if room_id not in client.rooms:
                if len(client.rooms) >= MAX_ROOMS_PER_CLIENT:
                    raise Invalid("too many rooms")
                await self.audit.write("join", client, roomId=room_id)
                if client.closing:
                    return
                others = self.rooms.setdefault(room_id, set())
                self.deliver(others, {"type": "entered", "roomId": room_id, "user": client.user})
                members = self.rooms.setdefault(room_id, set())
                members.add(client)
                client.rooms.add(room_id)
            users = sorted({c.user for c in self.rooms[room_id]})
            self.send(client, {"type": "joined", "roomId": room_id, "users": users})
            return

        if room_id not in client.rooms:
            raise Invalid("not in this room")
        if kind == "leave":
            await self.audit.write("leave", client, roomId=room_id)
            self.leave(client, room_id)
            self.send(client, {"type": "leftRoom", "roomId": room_id})
        elif kind == "chat":
            event = {
                "type": "chat",
                "id": uuid.uuid4().hex,
                "roomId": room_id,
                "user": client.user,
                "text": message["text"].strip(),
                "at": int(time.time() * 1000),
            }
            await self.audit.write("chat", client, roomId=room_id, id=event["id"], text=event["text"])
            self.deliver(self.rooms.get(room_id, ()), event)

    async def heartbeat(self, client):
        try:
            while True:
                await asyncio.sleep(PING_INTERVAL)
                if client.closing:
                    return
                async with asyncio.timeout(PONG_TIMEOUT):
                    pong = await client.ws.ping()
                    client.latency = await pong
                client.last_pong = time.monotonic()
        except TimeoutError:
            log.info("client %s: no pong", client.id)
            client.ws.transport.abort()
        except ConnectionClosed:
            pass


# --- HTTP -------------------------------------------------------------------

def page(connection, request):
    if request.path == "/ws":
        return None
    if request.path != "/":
        return connection.respond(HTTPStatus.NOT_FOUND, "Not found\n")
    body = (BASE / "index.html").read_bytes()
    headers = Headers({
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Connection": "close",
    })
    return Response(200, "OK", headers, body)


async def main():
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    server = Server(load_tokens(), Audit(AUDIT_FILE))
    async with serve(
        server.handle,
        HOST,
        PORT,
        process_request=page,
        origins=[f"http://localhost:{PORT}", f"http://127.0.0.1:{PORT}"],
        max_size=MAX_MESSAGE,
        ping_interval=None,  # see Server.heartbeat
        close_timeout=CLOSE_GRACE,
    ) as ws_server:
        print(f"http://{HOST}:{PORT}", flush=True)
        await ws_server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass

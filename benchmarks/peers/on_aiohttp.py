"""A room server on aiohttp, written as its documentation suggests: one task per connection, one send per member.

`python on_aiohttp.py` prints its port, then the audit lines. DEV_TOKEN holds the dev token.
"""

import asyncio
import json
import os
import re
import sys
import uuid
from collections import defaultdict
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiohttp import WSMsgType, web

ROOM_ID = re.compile(r"[a-zA-Z0-9:_-]{1,64}")
MOST_BYTES = 8192
write = partial(json.dumps, separators=(",", ":"))  # the generator reads only JavaScript's format
rooms: dict[str, set[web.WebSocketResponse]] = defaultdict(set)


def now() -> str:
    """Return the time in JavaScript's ISO format."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read(raw: str) -> dict[str, Any]:
    """Parse and validate a message. Raises ValueError with the close reason."""
    if len(raw.encode()) > MOST_BYTES:
        raise ValueError("message too large")
    message = json.loads(raw)
    if not isinstance(message, dict) or message.get("type") not in ("auth", "join", "chat", "ping"):
        raise ValueError("unsupported type")
    if message["type"] in ("join", "chat") and not ROOM_ID.fullmatch(str(message.get("roomId"))):
        raise ValueError("roomId is invalid")
    if message["type"] == "chat" and not 1 <= len(str(message.get("text", ""))) <= 1000:
        raise ValueError("text must be 1-1000 chars")
    return message


async def publish(user: str, message: dict[str, Any]) -> None:
    """Send an event to every member of its room."""
    said = {name: message.get(name) for name in ("type", "requestId", "roomId", "text")}
    event = write(said | {"id": str(uuid.uuid4()), "userId": user, "sentAt": now()})
    print(event)
    for member in list(rooms[message["roomId"]]):
        if not member.closed:
            await member.send_str(event)


async def serve(request: web.Request) -> web.WebSocketResponse:
    """Serve one connection."""
    socket = web.WebSocketResponse(compress=False, heartbeat=30)
    await socket.prepare(request)
    user, joined = "", set()
    try:
        async for packet in socket:
            if packet.type is not WSMsgType.TEXT:
                break
            message = read(packet.data)
            if message["type"] == "auth" and message.get("token") == os.environ["DEV_TOKEN"]:
                user = f"user-{uuid.uuid4().hex[:8]}"
                await socket.send_json(
                    {"type": "auth_ok", "connectionId": str(uuid.uuid4()), "userId": user}, dumps=write
                )
            elif not user:
                await socket.close(code=4403, message=b"auth failed")
            elif message["type"] == "join":
                rooms[message["roomId"]].add(socket)
                joined.add(message["roomId"])
                await socket.send_json({"type": "joined", "roomId": message["roomId"]}, dumps=write)
            elif message["type"] == "ping":
                await socket.send_json({"type": "pong", "sentAt": now()}, dumps=write)
            elif message["roomId"] in joined:
                await publish(user, message)
    except ValueError as fault:
        await socket.close(code=1008, message=str(fault).encode())
    finally:
        for room_id in joined:
            rooms[room_id].discard(socket)
    return socket


async def main() -> None:
    """Run the server until it is killed."""
    application = web.Application()
    application.router.add_get("/", serve)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
    await site.start()
    print(runner.addresses[0][1], file=sys.stderr, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())

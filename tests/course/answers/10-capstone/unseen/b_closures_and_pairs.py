import asyncio
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


async def start():
    """Everything in closures; a generator reads the messages, and one pair (room, connection) is a membership."""
    membership = {}  # (roomId, connection) -> userId

    def stamped(kind, **fields):
        return json.dumps({"type": kind, **fields, "sentAt": datetime.now(UTC).isoformat()})

    def publish(room, data):
        members = [connection for name, connection in membership if name == room]
        full = [c for c in members if c.transport.get_write_buffer_size() + len(data) + 16 > MOST_BUFFERED]
        for connection in full:
            forget(connection)
            connection.transport.abort()
        broadcast([c for c in members if c not in full], data)

    def forget(connection):
        for key in [key for key in membership if key[1] is connection]:
            del membership[key]

    async def said(connection):
        while True:
            text = await connection.recv()
            if not isinstance(text, str):
                raise messages.InvalidMessage("invalid message")
            yield messages.decode(text.encode(), max_bytes=MOST_MESSAGE)

    async def door(inbox):
        try:
            message = await asyncio.wait_for(anext(inbox), AUTH_TIMEOUT_S)
        except TimeoutError:
            return 4401, "nothing was said"
        except messages.InvalidMessage:
            return 4403, "auth first"
        return None if isinstance(message, messages.Auth) and message.token == TOKEN else (4403, "auth failed")

    async def converse(connection, inbox, user):
        async for message in inbox:
            kind, room = type(message), getattr(message, "room_id", None)
            if kind is messages.Ping:
                await connection.send(stamped("pong"))
            elif kind is messages.Join:
                membership[room, connection] = user
                await connection.send(json.dumps({"type": "joined", "roomId": room}))
            elif kind is messages.Leave:
                membership.pop((room, connection), None)
                await connection.send(json.dumps({"type": "left", "roomId": room}))
            elif kind is messages.Chat and (room, connection) in membership:
                request = message.request_id or str(uuid.uuid4())
                publish(room, stamped("chat", id=str(uuid.uuid4()), requestId=request, roomId=room,
                                      userId=user, text=message.text))
            elif kind is not messages.Auth:
                raise messages.InvalidMessage("join first" if kind is messages.Chat else "unsupported type")

    async def handler(connection):
        transport = connection.transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        user, inbox, closing = str(uuid.uuid4()), said(connection), None
        try:
            closing = await door(inbox)
            if closing is None:
                await connection.send(json.dumps({"type": "auth_ok", "connectionId": str(uuid.uuid4()), "userId": user}))
                await converse(connection, inbox, user)
        except messages.InvalidMessage as invalid:
            closing = 1008, str(invalid)
        except websockets.ConnectionClosed:
            pass
        finally:
            forget(connection)
        if closing:
            await connection.close(*closing)

    def plain(connection, request):
        head = sum(map(len, (part for pair in request.headers.raw_items() for part in (*pair, ":", "   "))))
        if head + len(request.path) > MOST_HEAD:
            return connection.respond(431, "head too large")
        if request.headers.get_all("Upgrade") == []:
            return connection.respond(200, "rooms")
        return None

    options = dict(max_size=MOST_FRAME, compression=None, close_timeout=2)
    heartbeat = dict(ping_interval=PING_INTERVAL_S, ping_timeout=PING_TIMEOUT_S)
    return await websockets.serve(handler, "127.0.0.1", 0, process_request=plain, **options, **heartbeat)

# misconception: door-stands-open
# caught by: auth
import asyncio


import collections


import contextlib


import json


import socket


import uuid


from datetime import UTC, datetime


import websockets


from labkit.rules import messages


TOKEN, AUTH_TIMEOUT_S, MOST_BUFFERED = "dev-token", 5, 200_000


PING_INTERVAL_S, PING_TIMEOUT_S = 20, 10


async def start():
    """A server that listens, as websockets.serve gives it."""
    rooms = collections.defaultdict(set)

    def now():
        return datetime.now(UTC).isoformat()

    def let_go(me):
        forget(me)
        me.transport.abort()

    def forget(me):
        for members in rooms.values():
            members.discard(me)

    def tell(member, **message):
        websockets.broadcast([member], json.dumps(message))
        if member.transport.get_write_buffer_size() > MOST_BUFFERED:
            let_go(member)

    async def heard_from(me):
        return messages.decode(await me.recv(decode=False), max_bytes=8192)

    async def let_in(me):
        try:
            async with asyncio.timeout(AUTH_TIMEOUT_S):
                first = await heard_from(me)
        except TimeoutError:
            return 4401, "auth required"
        if not isinstance(first, messages.Auth):
            return 4403, "auth failed"
        me.user = f"user-{uuid.uuid4().hex[:8]}"
        tell(me, type="auth_ok", connectionId=str(me.id), userId=me.user)

    def publish(me, said):
        if me not in rooms[said.room_id]:
            return 1008, "join room before chat"
        names = {"id": str(uuid.uuid4()), "requestId": said.request_id or str(uuid.uuid4()), "sentAt": now()}
        for member in list(rooms[said.room_id]):
            tell(member, type="chat", roomId=said.room_id, userId=me.user, text=said.text, **names)

    def act(me, said):
        match said:
            case messages.Join():
                rooms[said.room_id].add(me)
                tell(me, type="joined", roomId=said.room_id)
            case messages.Chat():
                return publish(me, said)
            case messages.Ping():
                tell(me, type="pong", sentAt=now())

    async def handle(me):
        try:
            with contextlib.suppress(websockets.ConnectionClosed):
                ending = await let_in(me)
                while ending is None:
                    ending = act(me, await heard_from(me))
                await me.close(*ending)
        except messages.InvalidMessage as invalid:
            await me.close(1008, str(invalid))
        finally:
            forget(me)

    def door(me, request):
        if sum(len(name) + len(value) for name, value in request.headers.raw_items()) > 16_384:
            return me.respond(431, "the head of the request is too large\n")
        if "Upgrade" not in request.headers:
            return me.respond(200, "WebSocket server is running\n")

    async def look(server):
        while True:
            for me in list(server.connections):
                if me.transport.get_write_buffer_size() > MOST_BUFFERED:
                    let_go(me)
            await asyncio.sleep(0.05)

    beat = {"ping_interval": PING_INTERVAL_S, "ping_timeout": PING_TIMEOUT_S}
    more = {"compression": None, "close_timeout": 0.3, "max_size": 65_536, "process_request": door}
    server = await websockets.serve(handle, "127.0.0.1", 0, **beat, **more)
    server.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**17)
    server.looking = asyncio.create_task(look(server))
    return server

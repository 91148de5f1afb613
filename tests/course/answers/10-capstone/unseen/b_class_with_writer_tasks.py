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
MOST_MESSAGE, MOST_HEAD, MOST_FRAME, SEND_BUFFER = 8192, 16_384, 65_536, 131_072


class Peer:
    """One connection, what it may hear, and a writer of its own with a bound in bytes."""

    def __init__(self, connection):
        self.connection, self.user, self.id = connection, f"user-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
        self.frames, self.held, self.more = collections.deque(), 0, asyncio.Event()

    def tell(self, data):
        waiting = self.held + self.connection.transport.get_write_buffer_size()
        if waiting + len(data) + 16 > MOST_BUFFERED:
            self.frames.clear()
            self.held = 0
            self.connection.transport.abort()
            return
        self.frames.append(data)
        self.held += len(data)
        self.more.set()

    def say(self, kind, **fields):
        self.tell(json.dumps({"type": kind, **fields}))

    async def write(self):
        with contextlib.suppress(websockets.ConnectionClosed):
            while await self.more.wait():
                self.more.clear()
                while self.frames:
                    data = self.frames.popleft()
                    self.held -= len(data)
                    await self.connection.send(data)


class RoomServer:
    def __init__(self):
        self.rooms = {}

    def on_auth(self, peer, message):
        return None

    def on_ping(self, peer, message):
        peer.say("pong", sentAt=stamp())

    def on_join(self, peer, message):
        self.rooms.setdefault(message.room_id, {})[peer.id] = peer
        peer.say("joined", roomId=message.room_id)

    def on_leave(self, peer, message):
        self.rooms.get(message.room_id, {}).pop(peer.id, None)
        peer.say("left", roomId=message.room_id)

    def on_chat(self, peer, message):
        inside = self.rooms.get(message.room_id, {})
        if peer.id not in inside:
            raise messages.InvalidMessage("not a member")
        request = message.request_id if message.request_id is not None else uuid.uuid4().hex
        data = json.dumps({
            "type": "chat", "id": uuid.uuid4().hex, "requestId": request, "roomId": message.room_id,
            "userId": peer.user, "text": message.text, "sentAt": stamp(),
        })
        for member in list(inside.values()):
            member.tell(data)

    acts = {
        messages.Auth: on_auth, messages.Ping: on_ping, messages.Join: on_join,
        messages.Leave: on_leave, messages.Chat: on_chat,
    }

    def forget(self, peer):
        for room in list(self.rooms):
            self.rooms[room].pop(peer.id, None)
            if not self.rooms[room]:
                del self.rooms[room]

    async def let_in(self, connection):
        try:
            async with asyncio.timeout(AUTH_TIMEOUT_S):
                first = await connection.recv()
        except TimeoutError:
            return 4401
        try:
            message = parse(first)
        except messages.InvalidMessage:
            return 4403
        return None if isinstance(message, messages.Auth) and message.token == TOKEN else 4403

    async def handler(self, connection):
        with contextlib.suppress(websockets.ConnectionClosed):
            refused = await self.let_in(connection)
            if refused:
                return await connection.close(refused, "auth failed")
            peer = Peer(connection)
            writer = asyncio.create_task(peer.write())
            try:
                peer.say("auth_ok", connectionId=peer.id, userId=peer.user)
                async for text in connection:
                    message = parse(text)
                    act = self.acts.get(type(message))
                    if act is None:
                        raise messages.InvalidMessage("unsupported type")
                    act(self, peer, message)
            except messages.InvalidMessage as invalid:
                self.forget(peer)
                while peer.frames:  # what was said before is heard before the close
                    await asyncio.sleep(0)
                    if connection.state is not websockets.State.OPEN or writer.done():
                        break
                    if connection.transport.get_write_buffer_size():
                        break
                await connection.close(1008, str(invalid))
            finally:
                self.forget(peer)
                writer.cancel()


def stamp():
    return datetime.now(UTC).isoformat()


def parse(text):
    if isinstance(text, bytes):
        raise messages.InvalidMessage("binary is not spoken here")
    return messages.decode(text.encode(), max_bytes=MOST_MESSAGE)


async def http(connection, request):
    lines = [f"GET {request.path} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers.raw_items())]
    if len("\r\n".join(lines)) > MOST_HEAD:
        return connection.respond(431, "too much\n")
    return None if "upgrade" in request.headers else connection.respond(200, "ok\n")


async def start():
    server = await websockets.serve(
        RoomServer().handler, "127.0.0.1", 0, process_request=http, compression=None, max_size=MOST_FRAME,
        ping_interval=PING_INTERVAL_S, ping_timeout=PING_TIMEOUT_S, close_timeout=2,
    )
    for listening in server.sockets:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    return server

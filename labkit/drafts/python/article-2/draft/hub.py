"""Connections and rooms."""

import asyncio
import hmac
import json
import logging
import time
import uuid

from websockets.asyncio.server import broadcast
from websockets.exceptions import ConnectionClosed

import audit
import config
from protocol import Authenticate, Chat, Join, Leave, ProtocolError, parse

log = logging.getLogger("hub")

INVALID = 1008
OVERLOADED = 1013


class Connection:
    def __init__(self, hub, ws):
        self.hub = hub
        self.ws = ws
        self.id = str(uuid.uuid4())
        self.name = None
        self.room_id = None
        self.missed = 0
        self.last_pong = time.monotonic()
        self.closing = False

    @property
    def buffered(self):
        return self.ws.transport.get_write_buffer_size()

    def send(self, payload):
        self.send_text(json.dumps(payload, ensure_ascii=False))

    def send_text(self, text):
        """Queue a message without waiting. Drops the client when it lags behind."""
        if self.closing:
            return
        if self.buffered > config.MAX_BUFFERED_BYTES:
            log.warning("%s: %d bytes buffered, closing", self.id, self.buffered)
            self.hub.spawn(self.close(OVERLOADED, "too slow"))
            return
        broadcast([self.ws], text)

    async def close(self, code, reason=""):
        if self.closing:
            return
        self.closing = True
        self.hub.remove(self)
        try:
            async with asyncio.timeout(config.CLOSE_TIMEOUT):
                await self.ws.close(code, reason)
        except TimeoutError:
            self.ws.transport.abort()

    async def run(self):
        heartbeat = asyncio.create_task(self.heartbeat())
        try:
            await self.authenticate()
            async for raw in self.ws:
                if self.closing:
                    break
                self.on_message(parse(raw))
        except ProtocolError as exc:
            log.info("%s: closed with 1008: %s", self.id, exc)
            await self.close(INVALID, str(exc))
        except ConnectionClosed:
            pass
        finally:
            heartbeat.cancel()
            self.hub.remove(self)
            if self.name:
                audit.record("disconnected", connection=self.id, name=self.name)

    async def authenticate(self):
        try:
            async with asyncio.timeout(config.AUTH_TIMEOUT):
                message = parse(await self.ws.recv())
        except TimeoutError:
            raise ProtocolError("authentication timeout") from None
        if not isinstance(message, Authenticate):
            raise ProtocolError("not authenticated")
        if not hmac.compare_digest(message.token.encode("utf-8", "replace"), config.TOKEN.encode()):
            audit.record("authentication failed", connection=self.id)
            raise ProtocolError("authentication failed")
        self.name = message.name
        audit.record("authenticated", connection=self.id, name=self.name)
        self.send({"type": "authenticated", "name": self.name})

    def on_message(self, message):
        match message:
            case Join(room_id):
                audit.record("join", connection=self.id, name=self.name, roomId=room_id)
                self.hub.join(self, room_id)
            case Leave():
                if self.room_id is None:
                    raise ProtocolError("not in a room")
                audit.record("leave", connection=self.id, name=self.name, roomId=self.room_id)
                self.hub.remove(self)
                self.send({"type": "left"})
            case Chat(text):
                if self.room_id is None:
                    raise ProtocolError("join a room first")
                event = {
                    "type": "chat",
                    "id": str(uuid.uuid4()),
                    "roomId": self.room_id,
                    "from": self.name,
                    "text": text,
                    "sentAt": int(time.time() * 1000),
                }
                audit.record("chat", connection=self.id, message=event)
                self.hub.publish(self.room_id, event)
            case _:
                raise ProtocolError("already authenticated")

    async def heartbeat(self):
        """Ping at an interval, count the pings without a pong."""
        try:
            while True:
                await asyncio.sleep(config.HEARTBEAT_INTERVAL)
                if self.missed >= config.HEARTBEAT_MAX_MISSED:
                    log.info("%s: no pong for %.0f s", self.id, time.monotonic() - self.last_pong)
                    self.ws.transport.abort()
                    return
                self.missed += 1
                # On a blocked connection even the ping may have to wait.
                self.hub.spawn(self.ping())
        except ConnectionClosed:
            pass

    async def ping(self):
        try:
            await (await self.ws.ping())
        except ConnectionClosed:
            return
        self.missed = 0
        self.last_pong = time.monotonic()


class Hub:
    def __init__(self):
        self.rooms = {}
        self.tasks = set()

    def spawn(self, coroutine):
        task = asyncio.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def handler(self, ws):
        await Connection(self, ws).run()

    def join(self, connection, room_id):
        self.remove(connection)
        self.rooms.setdefault(room_id, set()).add(connection)
        connection.room_id = room_id
        connection.send({"type": "joined", "roomId": room_id})
        self.publish_presence(room_id)

    def remove(self, connection):
        room_id, connection.room_id = connection.room_id, None
        if room_id is None:
            return
        room = self.rooms[room_id]
        room.discard(connection)
        if room:
            self.publish_presence(room_id)
        else:
            del self.rooms[room_id]

    def publish(self, room_id, payload):
        text = json.dumps(payload, ensure_ascii=False)
        for connection in list(self.rooms.get(room_id, ())):
            connection.send_text(text)

    def publish_presence(self, room_id):
        names = sorted(c.name for c in self.rooms[room_id])
        self.publish(room_id, {"type": "presence", "roomId": room_id, "names": names})

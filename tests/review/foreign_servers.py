"""Small servers of our own that speak other protocols: Phoenix Channels and Centrifugo's JSON protocol."""

import json
from typing import Any

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

TOKEN = "a-token-of-the-server"
SOCKET_IO = """
const { Server } = require(process.env.SOCKET_IO);
const options = process.env.RECOVERY ? { connectionStateRecovery: {} } : {};
const io = new Server(0, { ...options, pingInterval: 1000, pingTimeout: 1000, maxHttpBufferSize: 20000 });
const refused = (is) => (is ? new Error("no") : undefined);
io.use((socket, next) => next(refused(socket.handshake.auth.token !== process.env.TOKEN)));
io.on("connection", (socket) => {
  socket.on("join", ({ room }) => {
    if (typeof room !== "string") return;
    socket.join(room);
    socket.emit("joined", { room });
  });
  socket.on("message", ({ room, text }) => {
    if (process.env.LEAKS || socket.rooms.has(room)) io.to(room).emit("message", { room, text, userId: socket.id });
  });
  socket.use(([, message], next) => next(refused(message === null || typeof message !== "object")));
});
console.log(io.httpServer.address().port);
process.stdin.on("end", () => process.exit()).resume();
"""


class Phoenix:
    """Channels, wire format 2: join, leave, shout and heartbeat. `leaks`: a shout needs no join."""

    def __init__(self, *, leaks: bool = False) -> None:
        self._leaks = leaks
        self._topics: dict[ServerConnection, set[str]] = {}

    async def listen(self, connection: ServerConnection) -> None:
        """Serve one client, whose token is in the address."""
        assert connection.request is not None
        if f"token={TOKEN}" not in connection.request.path:
            await connection.close(1008, "no")
            return
        self._topics[connection] = set()
        try:
            async for text in connection:
                await self._received(connection, json.loads(text))
        except (ConnectionClosed, ValueError, TypeError, RecursionError):
            pass
        finally:
            del self._topics[connection]

    async def _received(self, connection: ServerConnection, message: list[Any]) -> None:
        join_ref, ref, topic, event, payload = message
        topics, status = self._topics[connection], "ok"
        if event == "phx_join" and isinstance(topic, str) and topic.startswith("room:"):
            topics.add(topic)
        elif event == "phx_leave":
            topics.discard(topic)
        elif event == "shout" and (self._leaks or topic in topics):
            members = [one for one, joined in self._topics.items() if topic in joined]
            broadcast(members, json.dumps([None, None, topic, "shout", {"body": payload["body"]}]))
        elif event != "heartbeat":
            status = "error"
        await connection.send(json.dumps([join_ref, ref, topic, "phx_reply", {"status": status, "response": {}}]))


class Centrifugo:
    """The JSON protocol: connect, subscribe, unsubscribe, publish, ping. `leaks`: publications go to all channels."""

    def __init__(self, *, leaks: bool = False) -> None:
        self._leaks = leaks
        self._channels: dict[ServerConnection, set[str]] = {}

    async def listen(self, connection: ServerConnection) -> None:
        """Serve one client."""
        try:
            async for text in connection:
                for line in str(text).splitlines():
                    await self._received(connection, json.loads(line))
        except (ConnectionClosed, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            await connection.close(3501, "bad request")
        finally:
            self._channels.pop(connection, None)

    async def _received(self, connection: ServerConnection, message: dict[str, Any]) -> None:
        if not message:
            return
        number, kind = message["id"], next(one for one in message if one != "id")
        value, channels = message[kind], self._channels.get(connection)
        if kind == "connect" and value["token"] == TOKEN:
            self._channels[connection] = set()
        elif channels is None:
            await connection.close(3500, "invalid token")
        elif kind == "subscribe" and isinstance(value["channel"], str):
            channels.add(value["channel"])
        elif kind == "unsubscribe":
            channels.discard(value["channel"])
        elif kind == "publish" and value["channel"] in channels:
            there = [one for one, held in self._channels.items() if self._leaks or value["channel"] in held]
            push = {"channel": value["channel"], "pub": {"data": {"text": value["data"]["text"]}}}
            broadcast(there, json.dumps({"push": push}) + "\n{}")
        elif kind != "ping":
            await connection.send(json.dumps({"id": number, "error": {"code": 103, "message": "permission denied"}}))
            return
        await connection.send(json.dumps({"id": number, kind: {}}))


def serving(server: Phoenix | Centrifugo) -> serve:
    """Run it on a free port; use with `async with`."""
    return serve(server.listen, "127.0.0.1", 0, logger=None, ping_interval=1, max_size=20000)

"""A server that says what a test tells it to, each connection by its own script, and chance that a test decides.

async def busy(peer): await peer.close(1013, "busy retry=400")
async with scripted(busy, welcoming) as server: ...           # the last script is for all later connections
"""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from labkit.wire.client.client import Client

PATIENCE_S = 20.0
QUICK_WINDOW = {"windowMs": 10}
Said = dict[str, Any]


class Share(Random):
    """Draws always the same share of each window: 0 for the earliest moment, 1 for the latest."""

    def __new__(cls, share: float) -> "Share":
        return super().__new__(cls)

    def __init__(self, share: float) -> None:
        super().__init__()
        self._share = share

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) * self._share


class Peer:
    """The server's end of one connection."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.at = time.time()  # as in a client's log
        self.heard: list[Said] = []

    @property
    def said_types(self) -> list[str]:
        """The types of what the client said so far."""
        return [str(said["type"]) for said in self.heard]

    async def hear(self, kind: str | None = None) -> Said:
        """The next message of the client, or the next one of a type."""
        while True:
            said: Said = json.loads(await self.socket.recv())
            self.heard.append(said)
            if kind in (None, said["type"]):
                return said

    async def say(self, kind: str, **fields: Any) -> None:
        """Say a message."""
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def welcome(self, **fields: Any) -> None:
        """Take whatever credential comes."""
        await self.hear("auth")
        known = {
            "connectionId": str(uuid.uuid4()),
            "userId": "ana",
            "resume": "resume-of-ana",
            "reconnect": QUICK_WINDOW,
        }
        await self.say("auth_ok", **(known | fields))

    async def admit(self, **fields: Any) -> str:
        """Answer the next join; the room's name."""
        room_id = str((await self.hear("join"))["roomId"])
        await self.say("joined", roomId=room_id, **({"epoch": "e1", "seq": 0, "gap": False, "access": "rw"} | fields))
        return room_id

    async def echo(self, seq: int | None = None, **fields: Any) -> Said:
        """Answer the next publication with its event."""
        said = await self.hear()
        numbered = {} if seq is None else {"seq": seq}
        await self.socket.send(json.dumps({**said, "userId": "ana", **numbered, **fields}))
        return said

    async def close(self, code: int, reason: str = "") -> None:
        """End it with a close frame."""
        await self.socket.close(code, reason)

    def abort(self) -> None:
        """End it without one."""
        self.socket.transport.abort()

    async def stay(self) -> None:
        """Listen, and say nothing, until the client ends it."""
        while True:
            await self.hear()


Script = Callable[[Peer], Awaitable[None]]


class Scripted:
    """A scripted server that runs."""

    def __init__(self, scripts: tuple[Script, ...]) -> None:
        self._scripts = scripts
        self.peers: list[Peer] = []
        self.faults: list[BaseException] = []
        self.url = ""

    async def met(self, number: int) -> Peer:
        """The connection with that number, from 0, once it was made."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.peers) <= number:
                await asyncio.sleep(0.002)
        return self.peers[number]

    async def _play(self, socket: ServerConnection) -> None:
        peer = Peer(socket)
        self.peers.append(peer)
        script = self._scripts[min(len(self.peers), len(self._scripts)) - 1]
        try:
            with suppress(ConnectionClosed):
                await script(peer)
        except Exception as fault:
            self.faults.append(fault)
            raise


@asynccontextmanager
async def scripted(*scripts: Script) -> AsyncIterator[Scripted]:
    """A server with a script for each connection; a fault of a script fails the test."""
    played = Scripted(scripts)
    server: Server = await serve(played._play, "127.0.0.1", 0, ping_interval=None, compression=None, close_timeout=1)
    played.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield played
    finally:
        for peer in played.peers:
            peer.abort()
        server.close()
        await server.wait_closed()
    assert played.faults == []


async def welcoming(peer: Peer) -> None:
    """Let the client in, admit it to every room, and stay."""
    await peer.welcome()
    while True:
        await peer.admit()


def client_of(server: Scripted, ticket: Any = "dev-token", share: float = 0.01, **options: Any) -> Client:
    """A client that draws that share of each window: by default it comes back almost at once."""
    return Client(server.url, ticket, rng=Share(share), **options)


def waits(client: Client) -> list[float]:
    """The delays that a client has chosen so far, in seconds."""
    return [record.detail["seconds"] for record in client.log.of("waiting")]


def closes(client: Client) -> list[int]:
    """The close codes that a client has met so far."""
    return [record.detail["code"] for record in client.log.of("closed")]

"""One client under torture: our own client, which talks and listens; a tap on its line writes down all that it hears.

Also a ghost: a connection that says something behind its own close frame. Taught in notebook 10.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from random import Random
from typing import Any
from urllib.parse import urlsplit

from labkit.bench.plain_socket import CLOSE, Closed, PlainSocket, frame, text, upgrade
from labkit.bench.torture.history import Record, Since, heard
from labkit.wire.client.client import Client
from labkit.wire.client.room import ClientRoom
from labkit.wire.client.state import ClientState

AT_ONCE = 3  # unanswered messages of one client
HASTE = 8  # waits are so many times shorter: a server that is killed every few seconds proves nothing to anybody
LEAVES = 0.002  # of all messages are followed by leaving the room and coming back
GHOST_S = 5.0


class Hasty(Random):
    """Draws from windows that are HASTE times narrower."""

    def uniform(self, a: float, b: float) -> float:
        """A number from a to b, or nearer to a."""
        return a + (super().uniform(a, b) - a) / HASTE


class Tortured:
    """A client in some rooms."""

    def __init__(self, url: str, token: str, name: str, rooms: Sequence[str], seed: str) -> None:
        self.name = name
        self.history: list[Record] = []
        self.acked = 0
        self._room_ids = rooms
        self._rng = Random(seed)
        self._rooms: dict[str, ClientRoom] = {}
        self._listening: list[asyncio.Task[None]] = []
        self._said = 0
        self.client = Client(
            url, token, rng=Hasty(seed), on_message=self._hear, on_state=self._moved, open_timeout_s=60.0
        )

    async def enter(self) -> None:
        """Be let in, and into every room."""
        await self.client.__aenter__()
        for room_id in self._room_ids:
            await self._join(room_id)

    async def talk(self, every_s: float, stop: asyncio.Event) -> None:
        """Say something every so often, until told to stop and everything is answered."""
        talking = [asyncio.create_task(self._talk(every_s * AT_ONCE, stop)) for _ in range(AT_ONCE)]
        await asyncio.gather(*talking)

    async def leave(self) -> None:
        """Close; a listener's fault shows here."""
        await self.client.close()
        await asyncio.gather(*self._listening)

    def heard_up_to(self, room_id: str) -> int:
        """The newest seq of a room; -1 while we are not in it."""
        room = self._rooms.get(room_id)
        return room.seq if room is not None and room.is_joined else -1

    @property
    def room_ids(self) -> Sequence[str]:
        """The rooms it means to be in."""
        return self._room_ids

    async def _join(self, room_id: str) -> None:
        room = self._rooms[room_id] = await self.client.join(room_id)
        self._listening.append(asyncio.create_task(_drain(room)))

    async def _talk(self, every_s: float, stop: asyncio.Event) -> None:
        while not stop.is_set():
            room_id = self._rng.choice(self._room_ids)
            room = self._rooms.get(room_id)
            if room is not None:
                await self._say(room)
                if self._rng.random() < LEAVES and self._rooms.pop(room_id, None) is room:
                    await room.leave()
                    await self._join(room_id)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(every_s * self._rng.uniform(0.5, 1.5)):
                    await stop.wait()

    async def _say(self, room: ClientRoom) -> None:
        self._said += 1
        request = f"{self.name}-{self._said}"
        said = Record("said", room.room_id, request=request)
        self.history.append(said)
        try:
            event = await room.publish("chat", text=f"message {self._said}", requestId=request)
        except Exception:
            if room.ended_by is None or self._rooms.get(room.room_id) is room:
                return
            self.history.remove(said)  # another of our own hands left the room meanwhile: nobody waits for it
            return
        self.acked += 1
        self.history.append(Record("acked", room.room_id, seq=event["seq"], id=event["id"], request=event["requestId"]))

    # The tap

    def _hear(self, message: dict[str, Any]) -> None:
        record = heard(message, self._since(str(message.get("roomId"))))
        if record is not None and not (record.what == "opened" and self.client.state is ClientState.OPEN):
            self.history.append(record)

    def _since(self, room_id: str) -> Since | None:
        """What the client asked with: nothing of the room has come since."""
        room = self.client.rooms.get(room_id)
        return None if room is None or room.epoch is None else Since(room.epoch, room.seq)

    def _moved(self, state: ClientState) -> None:
        if state in (ClientState.WAITING, ClientState.STOPPED):
            self.history.append(Record("closed"))


async def _drain(room: ClientRoom) -> None:
    async for _ in room:
        pass


async def ghost(url: str, token: str, room_id: str, request: str) -> bool:
    """Enter a room, then say something behind a close frame, in one write. Whether it came so far."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(GHOST_S):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            try:
                writer.write(upgrade(url) + text({"type": "auth", "token": token}))
                writer.write(text({"type": "join", "roomId": room_id}))
                if not await _is_in(reader):
                    return False
                chat = {"type": "chat", "roomId": room_id, "requestId": request, "text": "boo"}
                writer.write(frame(CLOSE, (1000).to_bytes(2, "big")) + text(chat))
                await writer.drain()
                await reader.read()
                return True
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return False


async def _is_in(reader: asyncio.StreamReader) -> bool:
    """Wait for `joined`; False when the connection ends before."""
    socket = PlainSocket()
    while data := await reader.read(65536):
        for message in socket.take(data):
            if isinstance(message, Closed):
                return False
            if message.get("type") == "joined":
                return True
    return False

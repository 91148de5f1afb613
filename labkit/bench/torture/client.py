"""One client under torture: labkit's own client, which publishes, receives and records a history.

This module also has the ghost: a connection that sends a message after its own close frame.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any
from urllib.parse import urlsplit

from labkit.bench.plain_socket import CLOSE, CloseFrame, PlainSocket, frame, text, upgrade
from labkit.bench.torture.history import Observation, Since, observed
from labkit.wire.client.client import Client
from labkit.wire.client.room import ClientRoom
from labkit.wire.client.state import ClientState

AT_ONCE = 3  # unanswered messages of one client
HASTE = 8  # divides reconnect delays: no connection lives long enough to reset the backoff
LEAVES = 0.002  # share of messages after which the client leaves the room and rejoins
GHOST_S = 5.0


class HastyRandom(Random):
    """A random generator whose intervals are HASTE times narrower, which shortens reconnect delays."""

    def uniform(self, a: float, b: float) -> float:
        """Return a number between a and b, close to a."""
        return a + (super().uniform(a, b) - a) / HASTE


class TorturedClient:
    """A client in several rooms. `history` lists everything it sent and received."""

    def __init__(self, url: str, token: str, name: str, rooms: Sequence[str], seed: str) -> None:
        self.name = name
        self.history: list[Observation] = []
        self.acked = 0
        self._room_ids = rooms
        self._rng = Random(seed)
        self._rooms: dict[str, ClientRoom] = {}
        self._listening: list[asyncio.Task[None]] = []
        self._sent = 0
        self.client = Client(
            url,
            token,
            rng=HastyRandom(seed),
            on_message=self._received,
            on_state=self._changed_state,
            open_timeout_s=60.0,
        )

    async def enter(self) -> None:
        """Connect, and join every room."""
        await self.client.__aenter__()
        for room_id in self._room_ids:
            await self._join(room_id)

    async def talk(self, every_s: float, stop: asyncio.Event) -> None:
        """Publish every `every_s` seconds until `stop` is set and every message has been answered."""
        talking = [asyncio.create_task(self._talk(every_s * AT_ONCE, stop)) for _ in range(AT_ONCE)]
        await asyncio.gather(*talking)

    async def leave(self) -> None:
        """Close the client. Raises any error that one of its readers met."""
        await self.client.close()
        await asyncio.gather(*self._listening)

    def received_up_to(self, room_id: str) -> int:
        """Return the newest seq received in a room, or -1 while the client is not in it."""
        room = self._rooms.get(room_id)
        return room.seq if room is not None and room.is_joined else -1

    @property
    def room_ids(self) -> Sequence[str]:
        """The rooms that the client should be in."""
        return self._room_ids

    async def _join(self, room_id: str) -> None:
        room = self._rooms[room_id] = await self.client.join(room_id)
        self._listening.append(asyncio.create_task(_drain(room)))

    async def _talk(self, every_s: float, stop: asyncio.Event) -> None:
        while not stop.is_set():
            room_id = self._rng.choice(self._room_ids)
            room = self._rooms.get(room_id)
            if room is not None:
                await self._publish(room)
                if self._rng.random() < LEAVES and self._rooms.pop(room_id, None) is room:
                    await room.leave()
                    await self._join(room_id)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(every_s * self._rng.uniform(0.5, 1.5)):
                    await stop.wait()

    async def _publish(self, room: ClientRoom) -> None:
        self._sent += 1
        request = f"{self.name}-{self._sent}"
        sent = Observation("sent", room.room_id, request=request)
        self.history.append(sent)
        try:
            event = await room.publish("chat", text=f"message {self._sent}", requestId=request)
        except Exception:
            if room.ended_by is None or self._rooms.get(room.room_id) is room:
                return
            self.history.remove(sent)  # another task of this client left the room, so no answer can come
            return
        self.acked += 1
        self.history.append(
            Observation("acked", room.room_id, seq=event["seq"], id=event["id"], request=event["requestId"])
        )

    def _received(self, message: dict[str, Any]) -> None:
        entry = observed(message, self._since(str(message.get("roomId"))))
        if entry is not None and not (entry.what == "opened" and self.client.state is ClientState.OPEN):
            self.history.append(entry)

    def _since(self, room_id: str) -> Since | None:
        """Return the `since` of the client's last join, after which nothing from that room has arrived."""
        room = self.client.rooms.get(room_id)
        return None if room is None or room.epoch is None else Since(room.epoch, room.seq)

    def _changed_state(self, state: ClientState) -> None:
        if state in (ClientState.WAITING, ClientState.STOPPED):
            self.history.append(Observation("closed"))


async def _drain(room: ClientRoom) -> None:
    async for _ in room:
        pass


async def ghost(url: str, token: str, room_id: str, request: str) -> bool:
    """Join a room, then send a close frame and a message in one write. Return whether that worked."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(GHOST_S):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            try:
                writer.write(upgrade(url) + text({"type": "auth", "token": token}))
                writer.write(text({"type": "join", "roomId": room_id}))
                if not await _has_joined(reader):
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


async def _has_joined(reader: asyncio.StreamReader) -> bool:
    """Wait for `joined`; return False if the connection ends first."""
    plain = PlainSocket()
    while data := await reader.read(65536):
        for message in plain.receive(data):
            if isinstance(message, CloseFrame):
                return False
            if message.get("type") == "joined":
                return True
    return False


def all_received(clients: Iterable[TorturedClient]) -> bool:
    """Return whether the clients of each room have received equally much."""
    received = [(room, client.received_up_to(room)) for client in clients for room in client.room_ids]
    newest: dict[str, int] = {}
    for room, seq in received:
        newest[room] = max(newest.get(room, 0), seq)
    return all(seq == newest[room] for room, seq in received)

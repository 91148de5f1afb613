"""One room as its member sees it: publish, and iterate over events, each once and in order, or be told of a gap.

    async for event in room:        # the dictionary that was on the wire; a hole shows as {"type": "gap", ...}

Taught in notebook 03 (rooms).
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from labkit.wire.unsent import Event

if TYPE_CHECKING:
    from labkit.wire.client import Client

INBOX_EVENTS = 10_000


class ClientRoom:
    """A room that the client is in, across all its connections. Made by `client.join`."""

    def __init__(self, client: "Client", room_id: str, inbox_events: int = INBOX_EVENTS) -> None:
        self.room_id = room_id
        self.epoch: str | None = None
        self.seq = 0
        self.access = "rw"
        self.is_joined = False
        self.joined: asyncio.Future[ClientRoom] = asyncio.get_running_loop().create_future()
        self._client = client
        self._joined_before = False
        self._inbox: deque[Event] = deque()
        self._inbox_events = inbox_events
        self._dropped = 0
        self._news = asyncio.Event()
        self._end: BaseException | None = None

    # Saying something

    async def chat(self, text: str) -> Event:
        """Say something; returns the event once it is stored. Raises Refused, BufferFull, Stopped."""
        return await self.publish("chat", text=text)

    async def progress(self, job_id: str, phase: str, percent: float, note: str | None = None) -> Event:
        """Say how far a job is."""
        return await self.publish("progress", jobId=job_id, phase=phase, percent=percent, note=note)

    async def comment(self, target: str, text: str) -> Event:
        """Remark on a target."""
        return await self.publish("comment", target=target, text=text)

    async def read(self, up_to: int) -> Event:
        """Say that everything up to a seq has been read."""
        return await self.publish("read", upTo=up_to)

    async def alert(self, severity: str, customer: str, text: str) -> Event:
        """Raise an alert: info, warning or critical."""
        return await self.publish("alert", severity=severity, customer=customer, text=text)

    async def exercise(self, exercise: str, status: str, *, at: str, n: int, check: str | None = None) -> Event:
        """Tell a status in an exercise."""
        return await self.publish("exercise", exercise=exercise, status=status, check=check, at=at, n=n)

    async def publish(self, kind: str, **fields: Any) -> Event:
        """Publish any kind of message; fields that are None are left out."""
        given = {name: value for name, value in fields.items() if value is not None}
        return await self._client.publish(self, kind, given)

    async def presence(self) -> list[dict[str, str]]:
        """Who is in the room; from now on `entered` and `gone` come with the events."""
        return await self._client.presence(self)

    async def leave(self) -> None:
        """Leave; the iteration ends."""
        await self._client.leave(self)

    # Hearing something

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events()

    async def _events(self) -> AsyncIterator[Event]:
        while True:
            if self._dropped:
                missed, self._dropped = self._dropped, 0
                yield {"type": "gap", "roomId": self.room_id, "why": "the reader fell behind", "missed": missed}
            elif self._inbox:
                yield self._inbox.popleft()
            elif self._end is not None:
                if not isinstance(self._end, StopAsyncIteration):
                    raise self._end
                return
            else:
                self._news.clear()
                await self._news.wait()

    def receive(self, event: Event) -> None:
        """An event came from the server: old ones are dropped, a hole is told."""
        seq = event.get("seq")
        if isinstance(seq, int):
            if seq <= self.seq:
                return
            if seq != self.seq + 1 and "r" in self.access:
                self._put_gap("events are missing", self.seq + 1, seq - 1)
            self.seq = seq
        self._put(event)

    def rejoined(self, answer: Event) -> None:
        """`joined` came, on the first connection or a later one."""
        self.access = answer.get("access", "rw")
        epoch, seq = answer.get("epoch"), answer.get("seq", 0)
        # A server without epochs (the article's) keeps no history: what was said meanwhile is lost, and must be told.
        lost = self._joined_before and (answer.get("gap", True) or epoch != self.epoch)
        if lost:
            self._put_gap("the server cannot give what was missed", self.seq + 1, seq)
        if lost or not self._joined_before:
            self.seq = seq
        self.epoch = epoch
        self.is_joined = self._joined_before = True
        if not self.joined.done():
            self.joined.set_result(self)

    @property
    def since(self) -> dict[str, Any] | None:
        """Where we stopped reading; None when the server does not count."""
        return {"epoch": self.epoch, "seq": self.seq} if self.epoch is not None else None

    def end(self, why: BaseException | None = None) -> None:
        """Nothing more will come; the iteration ends, raising `why` if there is one."""
        self.is_joined = False
        self._end = why or StopAsyncIteration()
        if not self.joined.done() and why is not None:
            self.joined.set_exception(why)
            self.joined.exception()  # somebody may have stopped waiting: then nobody fetches it
        self._news.set()

    def _put_gap(self, why: str, first: int, last: int) -> None:
        self._client.note("gap", room=self.room_id, why=why)
        self._put({"type": "gap", "roomId": self.room_id, "why": why, "first": first, "last": last})

    def _put(self, event: Event) -> None:
        self._inbox.append(event)
        if len(self._inbox) > self._inbox_events:
            self._inbox.popleft()
            self._dropped += 1
        self._news.set()

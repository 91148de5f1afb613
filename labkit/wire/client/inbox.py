"""A room's unread events. If the reader is too slow, the oldest are dropped and reported as a gap."""

import asyncio
from collections import deque

from labkit.wire.client.unsent import Event

INBOX_EVENTS = 2_000


class Inbox:
    """A queue of events in order. If it is full, it drops the oldest, and the reader gets a gap with their number."""

    def __init__(self, room_id: str, most: int = INBOX_EVENTS) -> None:
        self._room_id = room_id
        self._most = most
        self._events: deque[Event] = deque()
        self._dropped = 0
        self._news = asyncio.Event()
        self._end: BaseException | None = None

    def put(self, event: Event) -> None:
        """Add an event."""
        self._events.append(event)
        if len(self._events) > self._most:
            self._events.popleft()
            self._dropped += 1
        self._news.set()

    def end(self, why: BaseException) -> None:
        """End the inbox. After the remaining events, `get` raises `why`."""
        self._end = why
        self._news.set()

    async def get(self) -> Event:
        """Return the next event, or a gap. Raises the exception passed to `end`."""
        while not self._events:  # never empty after a drop: newer events remain
            if self._end is not None:
                raise self._end.with_traceback(None)
            self._news.clear()
            await self._news.wait()
        if self._dropped:
            missed, self._dropped = self._dropped, 0
            return {"type": "gap", "roomId": self._room_id, "why": "the reader fell behind", "missed": missed}
        return self._events.popleft()

    def __len__(self) -> int:
        return len(self._events)

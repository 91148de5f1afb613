"""What a room has for its reader: bounded, because a reader may be slow, and honest about what it had to drop."""

import asyncio
from collections import deque

from labkit.wire.client.unsent import Event

INBOX_EVENTS = 2_000


class Inbox:
    """Events in order. When too many wait, the oldest go, and the reader is told how many."""

    def __init__(self, room_id: str, most: int = INBOX_EVENTS) -> None:
        self._room_id = room_id
        self._most = most
        self._events: deque[Event] = deque()
        self._dropped = 0
        self._news = asyncio.Event()
        self._end: BaseException | None = None

    def put(self, event: Event) -> None:
        """One more event."""
        self._events.append(event)
        if len(self._events) > self._most:
            self._events.popleft()
            self._dropped += 1
        self._news.set()

    def end(self, why: BaseException) -> None:
        """Nothing more will come: the reader is told why, once it has read what is there."""
        self._end = why
        self._news.set()

    async def get(self) -> Event:
        """The next event, or a gap. Raises what `end` was given."""
        while not self._events:  # whenever something was dropped, newer events are here
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

"""What a client has said and not yet heard back: kept, in order, until its own event returns.

A connection may end between the server's commit and our echo, so nothing is forgotten at sending: it is sent again
under the same requestId after the next join, and the server recognises it. Taught in notebook 03 (rooms).
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from labkit.wire.client.state import BufferFull

MAX_UNSENT_BYTES = 512 * 1024
# So many may be unanswered at once. After an outage hundreds may wait: sent in one go they would run into the server's
# rate limit, whose strikes (100 in 10 s) end the connection. So few cannot, however often they are refused.
MAX_IN_FLIGHT = 12

Event = dict[str, Any]


@dataclass(eq=False, slots=True)
class UnsentMessage:
    """One message on its way. `answer` gets the event."""

    request_id: str
    room_id: str
    body: bytes = field(repr=False)
    answer: "asyncio.Future[Event]" = field(repr=False)
    is_in_flight: bool = False


class Unsent:
    """The publications of one client that no event has answered yet."""

    def __init__(self, max_bytes: int = MAX_UNSENT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._waiting: dict[str, UnsentMessage] = {}
        self._in_flight = 0
        self.bytes = 0

    def add(self, publication: UnsentMessage, fields: dict[str, Any]) -> None:
        """Keep one more. Raises BufferFull with the caller's fields, ValueError for a requestId in use."""
        if publication.request_id in self._waiting:
            raise ValueError(f"a message with requestId {publication.request_id!r} is on its way already")
        if self.bytes + len(publication.body) > self._max_bytes:
            raise BufferFull(self._max_bytes, fields)
        self._waiting[publication.request_id] = publication
        self.bytes += len(publication.body)

    def find(self, request_id: object) -> UnsentMessage | None:
        """The publication under this requestId, while it is unanswered."""
        return self._waiting.get(request_id) if isinstance(request_id, str) else None

    def done(self, publication: UnsentMessage) -> None:
        """It was answered, or given up: forget it."""
        if self._waiting.get(publication.request_id) is publication:
            self.requeue(publication)
            del self._waiting[publication.request_id]
            self.bytes -= len(publication.body)

    def due(self, is_open: Callable[[str], bool]) -> Iterator[UnsentMessage]:
        """Those to send now, oldest first, to rooms that are open; each counts as on the way."""
        for publication in self._waiting.values():
            if self._in_flight >= MAX_IN_FLIGHT:
                return
            if not publication.is_in_flight and is_open(publication.room_id):
                publication.is_in_flight = True
                self._in_flight += 1
                yield publication

    def requeue(self, publication: UnsentMessage) -> None:
        """It was not taken: it is to be sent again."""
        self._in_flight -= publication.is_in_flight
        publication.is_in_flight = False

    def __iter__(self) -> Iterator[UnsentMessage]:
        return iter(list(self._waiting.values()))

    def __len__(self) -> int:
        return len(self._waiting)

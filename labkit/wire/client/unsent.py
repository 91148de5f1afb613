"""A client's published messages, kept in order until their events come back.

A connection may end after the server has committed a message but before its event reaches us. So each message is kept
after sending, and resent with the same requestId after the next join. The server recognizes the duplicate.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from labkit.wire.client.state import BufferFull

MAX_UNSENT_BYTES = 512 * 1024
# The number of messages in flight at once. After an outage, hundreds may be waiting. Sent all at once, they would
# exceed the server's rate limit, and 100 errors in 10 s end the connection. So few messages cannot cause that many.
MAX_IN_FLIGHT = 12

Event = dict[str, Any]


@dataclass(eq=False, slots=True)
class UnsentMessage:
    """One unconfirmed message. The future `answer` receives its event."""

    request_id: str
    room_id: str
    body: bytes = field(repr=False)
    answer: "asyncio.Future[Event]" = field(repr=False)
    is_in_flight: bool = False


class Unsent:
    """One client's unconfirmed messages."""

    def __init__(self, max_bytes: int = MAX_UNSENT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._waiting: dict[str, UnsentMessage] = {}
        self._in_flight = 0
        self.bytes = 0

    def add(self, publication: UnsentMessage, fields: dict[str, Any]) -> None:
        """Add a message. Raises BufferFull with the caller's fields, or ValueError if the requestId is in use."""
        if publication.request_id in self._waiting:
            raise ValueError(f"a message with requestId {publication.request_id!r} is already on its way")
        if self.bytes + len(publication.body) > self._max_bytes:
            raise BufferFull(self._max_bytes, fields)
        self._waiting[publication.request_id] = publication
        self.bytes += len(publication.body)

    def find(self, request_id: object) -> UnsentMessage | None:
        """Return the unconfirmed message with this requestId, or None if there is none."""
        return self._waiting.get(request_id) if isinstance(request_id, str) else None

    def done(self, publication: UnsentMessage) -> None:
        """Remove a message that was confirmed, or that the client gave up on."""
        if self._waiting.get(publication.request_id) is publication:
            self.requeue(publication)
            del self._waiting[publication.request_id]
            self.bytes -= len(publication.body)

    def due(self, is_open: Callable[[str], bool]) -> Iterator[UnsentMessage]:
        """Yield the messages to send now to open rooms, oldest first, and mark each as in flight."""
        for publication in self._waiting.values():
            if self._in_flight >= MAX_IN_FLIGHT:
                return
            if not publication.is_in_flight and is_open(publication.room_id):
                publication.is_in_flight = True
                self._in_flight += 1
                yield publication

    def requeue(self, publication: UnsentMessage) -> None:
        """Mark a message as not in flight, so that it is sent again."""
        self._in_flight -= publication.is_in_flight
        publication.is_in_flight = False

    def __iter__(self) -> Iterator[UnsentMessage]:
        return iter(list(self._waiting.values()))

    def __len__(self) -> int:
        return len(self._waiting)

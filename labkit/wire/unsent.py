"""What a client has said and not yet heard back: kept, in order, until its own event returns.

A connection may end between the server's commit and our echo, so nothing is forgotten at sending: it is sent again
under the same requestId after the next join, and the server recognises it. Taught in notebook 03 (rooms).
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from labkit.wire.client_state import BufferFull

MAX_UNSENT_BYTES = 512 * 1024
Event = dict[str, Any]


@dataclass(eq=False, slots=True)
class Publication:
    """One message on its way. `answer` gets the event."""

    request_id: str
    room_id: str
    body: bytes
    answer: "asyncio.Future[Event]" = field(repr=False)
    tries: int = 0


class Unsent:
    """The publications of one client that no event has answered yet."""

    def __init__(self, max_bytes: int = MAX_UNSENT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._waiting: dict[str, Publication] = {}
        self.bytes = 0

    def add(self, publication: Publication, fields: dict[str, Any]) -> None:
        """Keep one more. Raises BufferFull, with the caller's fields in it."""
        if self.bytes + len(publication.body) > self._max_bytes:
            raise BufferFull(self._max_bytes, fields)
        self._waiting[publication.request_id] = publication
        self.bytes += len(publication.body)

    def find(self, request_id: object) -> Publication | None:
        """The publication under this requestId, while it is unanswered."""
        return self._waiting.get(request_id) if isinstance(request_id, str) else None

    def done(self, publication: Publication) -> None:
        """It was answered, or given up: forget it."""
        if self._waiting.pop(publication.request_id, None) is not None:
            self.bytes -= len(publication.body)

    def of_room(self, room_id: str) -> list[Publication]:
        """What waits for one room, oldest first."""
        return [one for one in self._waiting.values() if one.room_id == room_id]

    def __iter__(self) -> Iterator[Publication]:
        return iter(list(self._waiting.values()))

    def __len__(self) -> int:
        return len(self._waiting)

"""Faults in how a client publishes, confirms and catches up."""

import asyncio
import uuid
from typing import Any

from labkit.broken_clients.planted import Planted
from labkit.wire.client.publisher import Publisher
from labkit.wire.client.requests import Requests
from labkit.wire.client.unsent import MAX_UNSENT_BYTES, Event, Unsent, UnsentMessage


class UnsentIsForgotten(Planted):
    """The client treats a sent message as delivered, so it never resends a chat that was lost with the connection."""

    found_by = ("words/1",)

    class publisher(Publisher):
        def disconnected(self) -> None:
            """Requeue nothing."""


class RequestIdForEachTry(Planted):
    """Each attempt gets a new requestId, so the server cannot recognize a repeated chat and publishes it twice."""

    found_by = ("words/1",)

    class publisher(Publisher):
        def disconnected(self) -> None:
            super().disconnected()
            for publication in self.unsent:
                self.unsent.done(publication)
                old, publication.request_id = publication.request_id, str(uuid.uuid4())
                publication.body = publication.body.replace(old.encode(), publication.request_id.encode())
                self.unsent.add(publication, {})


class SpeaksOnlyWhenConnected(Planted):
    """A message published while disconnected is dropped without an error."""

    found_by = ("words/2",)

    class publisher(Publisher):
        async def publish(self, room_id: str, kind: str, fields: dict[str, Any]) -> Event:
            if not self._is_in(room_id):
                await asyncio.Event().wait()
            return await super().publish(room_id, kind, fields)


class _Hoard(Unsent):
    def done(self, publication: UnsentMessage) -> None:
        """Keep a message even though it was confirmed."""


class ConfirmedIsSaidAgain(Planted):
    """The client keeps confirmed messages, and sends them again after every reconnect."""

    found_by = ("words/3",)

    class publisher(Publisher):
        def __init__(self, *parts: Any) -> None:
            super().__init__(*parts)
            self.unsent = _Hoard(MAX_UNSENT_BYTES)


class JoinsWithoutSince(Planted):
    """The client rejoins without `since`, so it misses everything published in the meantime."""

    found_by = ("words/4",)

    class requests(Requests):
        def join(self, room_id: str, since: dict[str, Any] | None) -> None:
            super().join(room_id, None)

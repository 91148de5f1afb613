"""What is said while the connection is away goes nowhere, without a word."""

import asyncio
from typing import Any

from labkit.broken_clients.planted import Planted
from labkit.wire.client.publisher import Publisher
from labkit.wire.client.unsent import Event

FOUND_BY = ("words/2",)


class Present(Publisher):
    """Sends now or never."""

    async def publish(self, room_id: str, kind: str, fields: dict[str, Any]) -> Event:
        """Say something, if there is somebody to say it to."""
        if not self._is_in(room_id):
            await asyncio.Event().wait()
        return await super().publish(room_id, kind, fields)


class Broken(Planted):
    """Our client with this fault."""

    publisher = Present

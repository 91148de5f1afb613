"""What is said while the connection is away goes nowhere, without a word."""

import asyncio
from typing import Any

from labkit.broken_clients.planted import Planted
from labkit.wire.client.room import ClientRoom
from labkit.wire.client.saying import Saying
from labkit.wire.client.unsent import Event

FOUND_BY = ("words/2",)


class Present(Saying):
    """Sends now or never."""

    async def publish(self, room: ClientRoom, kind: str, fields: dict[str, Any]) -> Event:
        """Say something, if there is somebody to say it to."""
        if not room.is_joined:
            await asyncio.Event().wait()
        return await super().publish(room, kind, fields)


class Broken(Planted):
    """Our client with this fault."""

    words = Present

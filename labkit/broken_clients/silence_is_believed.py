"""Nobody watches the line: when the server is gone without a word, it waits for ever."""

import asyncio
from typing import Any

from labkit.broken_clients.planted import Planted
from labkit.wire.client.link import Link

FOUND_BY = ("line/3",)


class Patient(Link):
    """Believes in its connection."""

    async def _watch(self, _socket: Any) -> None:
        await asyncio.Event().wait()


class Broken(Planted):
    """Our client with this fault."""

    link = Patient

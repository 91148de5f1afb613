"""The first token is presented again after every loss: a ticket would be used up."""

from labkit.broken_clients.planted import Planted
from labkit.wire.client.reconnect_loop import ReconnectLoop

FOUND_BY = ("codes/4",)


class Forgetful(ReconnectLoop):
    """Knows only what it was given at the start."""

    async def _credential(self) -> str:
        self._resume = None
        return await super()._credential()


class Broken(Planted):
    """Our client with this fault."""

    loop = Forgetful

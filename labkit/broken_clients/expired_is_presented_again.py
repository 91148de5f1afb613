"""After 4419 the expired resume is presented again, and refused again."""

from labkit.broken_clients.planted import Planted
from labkit.wire.client.reconnect_loop import ReconnectLoop

FOUND_BY = ("codes/5",)


class Clinging(ReconnectLoop):
    """Keeps resume whatever the code says."""

    def _wait_after(self, code: int, reason: str) -> float:
        resume = self._resume
        seconds = super()._wait_after(code, reason)
        self._resume = resume
        return seconds


class Broken(Planted):
    """Our client with this fault."""

    loop = Clinging

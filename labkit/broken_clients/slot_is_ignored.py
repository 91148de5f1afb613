"""The slot in the reason is not read: after a restart everybody is back within the window."""

from labkit.broken_clients.planted import Planted
from labkit.rules.backoff import Backoff

FOUND_BY = ("waits/2",)


class Deaf(Backoff):
    """Hears no reason."""

    def delay(self, code: int, reason: str = "") -> float | None:
        """Seconds to wait."""
        return super().delay(code)


class Broken(Planted):
    """Our client with this fault."""

    backoff = Deaf

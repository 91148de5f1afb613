"""The whole window is waited, without chance: those who left together come back together."""

from labkit.broken_clients.planted import Planted
from labkit.rules.backoff import Backoff

FOUND_BY = ("waits/1",)


class Together(Backoff):
    """Draws the end of the window, always."""

    def delay(self, code: int, reason: str = "") -> float | None:
        """Seconds to wait."""
        self._rng = _NoChance()
        return super().delay(code, reason)


class _NoChance:
    def uniform(self, _a: float, b: float) -> float:
        return b


class Broken(Planted):
    """Our client with this fault."""

    backoff = Together

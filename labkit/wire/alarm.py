"""One timer for many deadlines: it rings at the nearest, and its owner arms it for the next.

A timer a connection costs less than a task a connection, and setting it earlier or never is all there is to it.
"""

import asyncio
from collections.abc import Callable


class Alarm:
    """Rings at most once per `arm`. Times are of the event loop's clock, in seconds."""

    __slots__ = ("_ring", "_timer")

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None

    def arm(self, at: float | None) -> None:
        """Ring at `at` or before. One that is set earlier stays: it rings early, and its owner arms it again."""
        if at is None or (self._timer is not None and self._timer.when() <= at):
            return
        self.off()
        self._timer = asyncio.get_running_loop().call_at(at, self._on_time)

    def off(self) -> None:
        """Do not ring."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_time(self) -> None:
        self._timer = None
        self._ring()

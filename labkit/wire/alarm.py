"""One timer for several deadlines: it fires at the nearest one, and its owner then arms it for the next.

One timer per connection is cheaper than one task per connection.
"""

import asyncio
from collections.abc import Callable


class Alarm:
    """Fires at most once per `arm`. Times are seconds on the event loop's clock."""

    __slots__ = ("_ring", "_timer")

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None

    def arm(self, at: float | None) -> None:
        """Fire at `at` or earlier: a timer that is already set for an earlier time stays."""
        if at is None or (self._timer is not None and self._timer.when() <= at):
            return
        self.off()
        self._timer = asyncio.get_running_loop().call_at(at, self._on_time)

    def off(self) -> None:
        """Cancel the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_time(self) -> None:
        self._timer = None
        self._ring()

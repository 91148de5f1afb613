"""One timer for several deadlines. It fires at the nearest one, and its owner then sets it for the next.

One timer per connection is cheaper than one task per connection.
"""

import asyncio
from collections.abc import Callable

LATE_S = 0.05
NEXT_TURN_S = 0.001  # the loop reads its sockets before


class Alarm:
    """A timer that fires at most once per `arm`. Times are in seconds on the event loop's clock.

    If the process was suspended, its owner first reads what arrived meanwhile: the pong may be among it.
    """

    __slots__ = ("_ring", "_timer")

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None

    def arm(self, at: float | None) -> None:
        """Set the timer for `at`, unless it is already set for an earlier time."""
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
        assert self._timer is not None
        now, at = asyncio.get_running_loop().time(), self._timer.when()
        self._timer = None
        if now - at > LATE_S:
            self._timer = asyncio.get_running_loop().call_at(now + NEXT_TURN_S, self._on_next_turn)
        else:
            self._ring()

    def _on_next_turn(self) -> None:
        self._timer = None
        self._ring()

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

    __slots__ = ("_at", "_ring", "_timer")

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._timer: asyncio.Handle | None = None
        self._at = 0.0  # kept here, because uvloop's timer does not know it if it is due at once

    def arm(self, at: float | None) -> None:
        """Set the timer for `at`, unless it is already set for an earlier time."""
        if at is None or (self._timer is not None and self._at <= at):
            return
        self.off()
        self._set(at, self._on_time)

    def off(self) -> None:
        """Cancel the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_time(self) -> None:
        now = asyncio.get_running_loop().time()
        self._timer = None
        if now - self._at > LATE_S:
            self._set(now + NEXT_TURN_S, self._on_next_turn)
        else:
            self._ring()

    def _on_next_turn(self) -> None:
        self._timer = None
        self._ring()

    def _set(self, at: float, action: Callable[[], None]) -> None:
        self._at = at
        self._timer = asyncio.get_running_loop().call_at(at, action)

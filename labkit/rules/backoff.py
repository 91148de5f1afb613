"""Decide whether a client reconnects after a close, and how long it waits first.

The first window must be wide enough for a server that restarts quickly. Only the server knows how many clients it has,
so it sends the window in `auth_ok` and `reconnect`. Later windows are 1, 2, 4 ... 30 s. Every delay has full jitter: it
is drawn from the whole window, so that clients at the cap do not synchronize again.
"""

from typing import Protocol

from labkit.rules.close_codes import CloseCode, Then, Wait, retry_ms, row

BASE_S = 1.0
CAP_S = 30.0
STABLE_S = 10.0  # the backoff resets only when a connection has lasted this long after auth_ok
DEFAULT_WINDOW_S = 1.0  # used until the server sends its own
LONGEST_WINDOW_S = 3600.0


class Draws(Protocol):
    """A source of random numbers, such as `random.Random`."""

    def uniform(self, a: float, b: float) -> float:
        """Return a random number from a to b."""
        ...


class Backoff:
    """The reconnect delays of one client. Give each client its own `rng`, so that a seed reproduces every delay."""

    def __init__(self, rng: Draws) -> None:
        self._rng = rng
        self._tries = 0
        self.window_s = DEFAULT_WINDOW_S

    def told(self, window_ms: float) -> None:
        """Use the window that the server sent, clamped to 0 .. LONGEST_WINDOW_S."""
        self.window_s = min(max(0.0, window_ms / 1000), LONGEST_WINDOW_S)

    def proved(self) -> None:
        """Reset the backoff: the connection was authenticated and lasted for STABLE_S."""
        self._tries = 0

    def delay(self, code: int, reason: str = "") -> float | None:
        """Return the seconds to wait after a close; None means stop and inform the user."""
        ending = row(code)
        if ending.then is Then.STOP:
            return None
        drawn = self._rng.uniform(0, self._width())
        slot_ms = None if ending.wait is Wait.WINDOW else retry_ms(reason)
        waits = drawn if slot_ms is None else slot_ms / 1000
        if self._tries > 0:
            waits = max(waits, drawn)  # after a failed attempt the slot is a minimum: otherwise retry=0 is a hot loop
        self._tries += 1
        if ending.wait is Wait.SLOT_AT_LEAST_1S and (slot_ms is None or waits < 1):
            waits += 1
        return waits

    def _width(self) -> float:
        if self._tries == 0:
            return self.window_s
        doubled = BASE_S * 2.0 ** min(self._tries - 1, 10)  # capped, so that a long outage cannot overflow it
        return max(self.window_s, min(CAP_S, doubled))


NO_CONNECTION = CloseCode.NO_CLOSE_FRAME  # the close code of a refused or lost TCP connection

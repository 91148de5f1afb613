"""How long a client waits before it reconnects, and whether it does at all. Taught in notebook 07 (storms).

The width of the first window is what protects a server that is back at once, and only the server knows how many
clients there are: so it tells the window in `auth_ok` and in `reconnect`. After the first try come 1, 2, 4 ... 30 s,
always with full jitter: a delay is drawn from the whole window, so that the cap never gathers the crowd again.
"""

from typing import Protocol

from labkit.rules.close_codes import CloseCode, Then, Wait, retry_ms, row

BASE_S = 1.0
CAP_S = 30.0
STABLE_S = 10.0  # a connection proves itself by auth_ok and this much life; before that nothing resets
DEFAULT_WINDOW_S = 1.0  # until a server has told its own
LONGEST_WINDOW_S = 3600.0


class Draws(Protocol):
    """Chance, as far as a delay needs it. `random.Random` is one."""

    def uniform(self, a: float, b: float) -> float:
        """A number from a to b."""
        ...


class Backoff:
    """The delays of one client. `rng` is its own, so that a seed replays every draw."""

    def __init__(self, rng: Draws) -> None:
        self._rng = rng
        self._tries = 0
        self.window_s = DEFAULT_WINDOW_S

    def told(self, window_ms: float) -> None:
        """The server told its window; what makes no sense is cut to what does."""
        self.window_s = min(max(0.0, window_ms / 1000), LONGEST_WINDOW_S)

    def proved(self) -> None:
        """The connection was authenticated and lived for STABLE_S: start over."""
        self._tries = 0

    def delay(self, code: int, reason: str = "") -> float | None:
        """Seconds to wait after a close; None means stop and tell the user."""
        ending = row(code)
        if ending.then is Then.STOP:
            return None
        drawn = self._rng.uniform(0, self._width())
        slot_ms = None if ending.wait is Wait.WINDOW else retry_ms(reason)
        waits = drawn if slot_ms is None else slot_ms / 1000
        if self._tries > 0:
            waits = max(waits, drawn)  # a slot that led only to a slot: kept to blindly, retry=0 is a hot loop
        self._tries += 1
        if ending.wait is Wait.SLOT_AT_LEAST_1S and (slot_ms is None or waits < 1):
            waits += 1
        return waits

    def _width(self) -> float:
        if self._tries == 0:
            return self.window_s
        doubled = BASE_S * 2.0 ** min(self._tries - 1, 10)  # capped before it overflows, however long the outage
        return max(self.window_s, min(CAP_S, doubled))


NO_CONNECTION = CloseCode.NO_CLOSE_FRAME  # what a refused or lost TCP connection counts as

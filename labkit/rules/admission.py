"""Admission control: connection limits, the handshake rate limit, and retry slots for refused clients.

The connection limits are hard: the server answers HTTP 503 before the upgrade. The handshake rate limit is soft: the
server completes the handshake, then closes with 1013 `busy retry=MS`, because a web page cannot read an HTTP refusal.
"""

from collections import Counter
from collections.abc import Iterator
from math import ceil
from random import Random

from labkit.rules.limits import Limits

DEFAULT_WINDOW_MS = 1000
MAX_SLOTS = 10_000  # retry slots assigned ahead of time


class TokenBucket:
    """A token bucket: `rate` tokens per second, up to `burst` saved. Times are in seconds on any monotonic clock."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = now

    def has_one(self, now: float) -> bool:
        """Return whether a token is available."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return self._tokens >= 1

    def take(self, now: float) -> bool:
        """Spend one token and return True, or return False if there is none."""
        has_one = self.has_one(now)
        self._tokens -= has_one
        return has_one


class HandshakeLimiter:
    """Limits the handshake rate. Each refused client gets its own retry slot, at least one second away."""

    def __init__(self, handshakes_per_s: float | None, now: float) -> None:
        self._rate = handshakes_per_s
        self._bucket = (
            None if handshakes_per_s is None else TokenBucket(handshakes_per_s, max(1, handshakes_per_s), now)
        )
        self._last_slot = now

    def admit(self, now: float) -> int | None:
        """Return None to admit the client, or the number of milliseconds until it should retry."""
        if self._bucket is None or self._rate is None or self._bucket.take(now):
            return None
        self._last_slot = max(self._last_slot, now + 1) + 1 / self._rate
        if self._last_slot - now > 1 + MAX_SLOTS / self._rate:
            self._last_slot = (
                now + 1 + 1 / self._rate
            )  # start over, so that clients that ignore their slots cannot use up everybody else's
        return ceil(1000 * (self._last_slot - now))


class ConnectionCounter:
    """Counts open connections, in total and per address, and enforces the limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._per_address: Counter[str] = Counter()
        self.count = 0

    def enter(self, address: str) -> bool:
        """Count a connection and return True. If either limit is reached, return False and count nothing."""
        most, most_here = self._limits.connections, self._limits.connections_per_address
        if most is not None and self.count >= most:
            return False
        if most_here is not None and self._per_address[address] >= most_here:
            return False
        self.count += 1
        self._per_address[address] += 1
        return True

    def leave(self, address: str) -> None:
        """Stop counting a connection. Call this once for each True from `enter`."""
        self.count -= 1
        self._per_address[address] -= 1
        if not self._per_address[address]:
            del self._per_address[address]


def window_ms(connections: int, handshakes_per_s: float | None) -> int:
    """Return the window, in milliseconds, over which clients should spread a reconnect.

    The window is twice as long as the handshake rate requires, because clients get a new one only when their number
    has doubled.
    """
    if handshakes_per_s is None:
        return DEFAULT_WINDOW_MS
    return round(2000 * connections / handshakes_per_s)


class ClientCountTracker:
    """Notices when the number of connections has doubled or halved since clients last got a reconnect window."""

    def __init__(self) -> None:
        self._last_sent = 1

    def changed(self, connections: int) -> bool:
        """Return whether to send a new window now. After True, the window counts as sent."""
        if self._last_sent < 2 * connections and connections < 2 * self._last_sent:
            return False
        self._last_sent = max(1, connections)
        return True


def drain_slots_ms(clients: int, handshakes_per_s: float | None, rng: Random) -> Iterator[int]:
    """Yield a retry slot, in milliseconds, for each client of a restarting server.

    The slots are spread evenly and come in random order. Each has jitter within it.
    """
    width = DEFAULT_WINDOW_MS / max(1, clients) if handshakes_per_s is None else 1000 / handshakes_per_s
    places = list(range(clients))
    rng.shuffle(places)
    return (int((place + rng.random()) * width) for place in places)

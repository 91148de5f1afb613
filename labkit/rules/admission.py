"""Who may come in, how fast, and what those outside are told. Taught in notebook 07 (reconnect storms).

Hard limits (connections, per address) answer HTTP 503 before the upgrade. The accept rate is soft: the handshake is
done and closed with 1013 `busy retry=MS`, because a browser sees nothing of an HTTP refusal but a failed connection.
"""

from collections import Counter
from collections.abc import Iterator
from math import ceil
from random import Random

from labkit.rules.limits import Limits

DEFAULT_WINDOW_MS = 1000
MAX_SLOTS = 10_000  # given out ahead


class TokenBucket:
    """`rate` tokens a second, at most `burst` saved up. Times are seconds on any steady clock."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = now

    def has_one(self, now: float) -> bool:
        """Whether there is a token to spend."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return self._tokens >= 1

    def take(self, now: float) -> bool:
        """Spend one token; False when there is none."""
        has_one = self.has_one(now)
        self._tokens -= has_one
        return has_one


class HandshakeLimiter:
    """Handshakes at a bounded rate; each client refused gets a slot of its own, at least a second away."""

    def __init__(self, handshakes_per_s: float | None, now: float) -> None:
        self._rate = handshakes_per_s
        self._bucket = (
            None if handshakes_per_s is None else TokenBucket(handshakes_per_s, max(1, handshakes_per_s), now)
        )
        self._last_slot = now

    def admit(self, now: float) -> int | None:
        """None: come in. A number: come back in so many milliseconds."""
        if self._bucket is None or self._rate is None or self._bucket.take(now):
            return None
        self._last_slot = max(self._last_slot, now + 1) + 1 / self._rate
        if self._last_slot - now > 1 + MAX_SLOTS / self._rate:
            self._last_slot = (
                now + 1 + 1 / self._rate
            )  # begin again: those who do not keep to slots must not use them up
        return ceil(1000 * (self._last_slot - now))


class ConnectionCounter:
    """How many are inside, in all and per address."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._per_address: Counter[str] = Counter()
        self.count = 0

    def enter(self, address: str) -> bool:
        """Count one more; False, and nothing counted, when the house is full."""
        most, most_here = self._limits.connections, self._limits.connections_per_address
        if most is not None and self.count >= most:
            return False
        if most_here is not None and self._per_address[address] >= most_here:
            return False
        self.count += 1
        self._per_address[address] += 1
        return True

    def leave(self, address: str) -> None:
        """One that entered has left."""
        self.count -= 1
        self._per_address[address] -= 1
        if not self._per_address[address]:
            del self._per_address[address]


def window_ms(connections: int, handshakes_per_s: float | None) -> int:
    """Over how many milliseconds the clients should spread a reconnect: twice what the accept rate needs.

    Twice, because clients are told anew only when their number has doubled.
    """
    if handshakes_per_s is None:
        return DEFAULT_WINDOW_MS
    return round(2000 * connections / handshakes_per_s)


class ClientCountTracker:
    """When the number of connections has doubled or halved since the clients were told."""

    def __init__(self) -> None:
        self._last_sent = 1

    def changed(self, connections: int) -> bool:
        """Whether it is time to tell; asking counts as telling."""
        if self._last_sent < 2 * connections and connections < 2 * self._last_sent:
            return False
        self._last_sent = max(1, connections)
        return True


def drain_slots_ms(clients: int, handshakes_per_s: float | None, rng: Random) -> Iterator[int]:
    """A slot for each client of a server that restarts: evenly spread, jittered inside the slot, in random order."""
    width = DEFAULT_WINDOW_MS / max(1, clients) if handshakes_per_s is None else 1000 / handshakes_per_s
    places = list(range(clients))
    rng.shuffle(places)
    return (int((place + rng.random()) * width) for place in places)

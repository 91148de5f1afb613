r"""When to ping a peer, and when to consider it dead: after one unanswered ping.

    start ---- random point of the second half ----> PING --- pong in time ---> PING ... one interval apart
                                                       \--- ping_timeout_s --> DEAD (4408)

The random time of the first ping spreads the load after a reconnect storm. A pong counts only if it returns the payload
of the latest ping, so a stale or unsolicited pong cannot keep a connection alive.
"""

from enum import Enum


class Beat(Enum):
    """The next step for the owner of a heartbeat."""

    WAIT = "wait"
    PING = "ping"
    DEAD = "dead"


class Heartbeat:
    """The heartbeat of one connection. Times are in seconds on any monotonic clock."""

    __slots__ = ("_count", "_interval_s", "_is_dead", "_pinged_at", "_timeout_s", "next_at", "round_trip_s")

    def __init__(self, interval_s: float | None, timeout_s: float, now: float, random_fraction: float) -> None:
        """Start a heartbeat. `random_fraction`, 0 to 1, places the first ping in the interval's second half."""
        self._interval_s = interval_s
        self._timeout_s = timeout_s
        self._count = 0
        self._pinged_at: float | None = None
        self._is_dead = False
        self.round_trip_s: float | None = None
        self.next_at: float | None = None if interval_s is None else now + interval_s * (0.5 + random_fraction / 2)

    def beat(self, now: float) -> Beat:
        """Decide what to do; call at `next_at` or later. After PING, send a ping with `payload`."""
        if self.next_at is None or self._interval_s is None or now < self.next_at:
            return Beat.WAIT
        if self._pinged_at is not None:
            self._is_dead = True
            return Beat.DEAD
        self._count += 1
        self._pinged_at = now
        self.next_at = now + self._timeout_s
        return Beat.PING

    @property
    def payload(self) -> bytes:
        """The payload of the latest ping. The pong must return it."""
        return self._count.to_bytes(8, "big")

    def pong(self, payload: bytes, now: float) -> bool:
        """Record a pong. Return False if it answers no outstanding ping.

        A late pong counts until `beat` returns DEAD, because the delay may have been ours.
        """
        if self._is_dead or self._pinged_at is None or self._interval_s is None or payload != self.payload:
            return False
        self.round_trip_s = now - self._pinged_at
        self.next_at = self._pinged_at + max(self._interval_s, self.round_trip_s)
        self._pinged_at = None
        return True

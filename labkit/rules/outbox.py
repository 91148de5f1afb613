"""The frames that one member has not received yet, limited in bytes and in age.

    publish --offer--> [ queue ] --take--> [ in flight: the transport's buffer ] --delivered--> the kernel

`offer` returns OVERFLOW if the outbox is full, and the caller closes that member. The kernel's own buffer comes on top
of this; SO_SNDBUF limits it.
"""

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple


class Offer(Enum):
    """The result of adding a frame to an outbox."""

    ACCEPTED = "accepted"
    OVERFLOW = "overflow"


class OutboxStatistics(NamedTuple):
    """How full an outbox is. The age is in seconds."""

    queued_frames: int
    queued_bytes: int
    in_flight_bytes: int
    oldest_age_s: float
    peak_bytes: int


class Outbox:
    """A bounded queue of frames. Times are in seconds on any monotonic clock."""

    __slots__ = ("_max_age_s", "_max_bytes", "_queue", "in_flight_bytes", "oldest_at", "peak_bytes", "queued_bytes")

    def __init__(self, max_bytes: int, max_age_s: float | None) -> None:
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._queue: deque[tuple[float, bytes]] | None = None  # an empty deque is 600 bytes, and most stay empty
        self.oldest_at: float | None = None  # when the oldest undelivered frame, queued or in flight, was offered
        self.queued_bytes = 0
        self.in_flight_bytes = 0
        self.peak_bytes = 0  # the most bytes undelivered at once, even if only for one tick; the caller may reset it

    def offer(self, frame: bytes, now: float) -> Offer:
        """Queue one frame, or return OVERFLOW when the member is too far behind."""
        total = self.queued_bytes + self.in_flight_bytes + len(frame)
        if total > self._max_bytes or self.is_too_old(now):
            return Offer.OVERFLOW
        if self.oldest_at is None:
            self.oldest_at = now
        if self._queue is None:
            self._queue = deque()
        self._queue.append((now, frame))
        self.queued_bytes += len(frame)
        if total > self.peak_bytes:
            self.peak_bytes = total
        return Offer.ACCEPTED

    def take(self, max_bytes: int) -> bytes:
        """Take the next frames as one chunk of at most max_bytes, or a single longer frame. Return b"" if empty."""
        frames: list[bytes] = []
        size = 0
        while self._queue and (not frames or size + len(self._queue[0][1]) <= max_bytes):
            frame = self._queue.popleft()[1]
            frames.append(frame)
            size += len(frame)
        self.queued_bytes -= size
        self.in_flight_bytes += size
        return b"".join(frames)

    def passed(self, size: int, now: float) -> None:
        """Record a chunk that bypassed the empty queue and is now, at least partly, in the transport's buffer."""
        self.in_flight_bytes = size
        self.oldest_at = now

    def delivered(self) -> None:
        """Record that the transport has handed everything in flight to the kernel."""
        self.in_flight_bytes = 0
        self.oldest_at = self._queue[0][0] if self._queue else None

    def drop(self) -> None:
        """Drop everything queued, to free the memory of a member that is being closed."""
        self._queue = None
        self.queued_bytes = 0
        if not self.in_flight_bytes:
            self.oldest_at = None

    def is_too_old(self, now: float) -> bool:
        """Return whether the oldest undelivered frame has waited longer than allowed."""
        too_old_at = self.too_old_at
        return too_old_at is not None and now > too_old_at

    @property
    def too_old_at(self) -> float | None:
        """The time at which the oldest undelivered frame will have waited too long.

        None while the transport's buffer is empty. If we have not written a frame yet, the delay is ours.
        """
        if self.oldest_at is None or self._max_age_s is None or not self.in_flight_bytes:
            return None
        return self.oldest_at + self._max_age_s

    @property
    def free_bytes(self) -> int:
        """The number of bytes that still fit."""
        return self._max_bytes - self.queued_bytes - self.in_flight_bytes

    def statistics(self, now: float) -> OutboxStatistics:
        """Return how full the outbox is, for dashboards."""
        age = 0.0 if self.oldest_at is None else max(0.0, now - self.oldest_at)
        return OutboxStatistics(len(self._queue or ()), self.queued_bytes, self.in_flight_bytes, age, self.peak_bytes)


NewOutbox = Callable[[int, float | None], Outbox]  # from a server's outbox_bytes and outbox_age_s

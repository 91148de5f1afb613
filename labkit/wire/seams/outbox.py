"""Run your own class as the outbox of a server, for lessons and experiments: `Server(outbox=MyOutbox)`.

    class MyOutbox:
        def __init__(self, max_bytes, max_age_s): ...      # the server's outbox_bytes and outbox_age_s
        def offer(self, frame, now): ...                   # keep the frame and return True; False closes the member
        def take(self, most_bytes): ...                    # remove and return the next frames, as a list

It is asked about every frame that the kernel has no space for. Its decision is the only limit: the server's timer for
the age is off.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from labkit.rules.outbox import Offer, Outbox
from labkit.wire.seams.learners_class import OwnClass


class Waiting(Protocol):
    """What your class has to offer."""

    def offer(self, frame: bytes, now: float) -> bool:
        """Keep a frame, or return False if the member is too far behind."""
        ...

    def take(self, most_bytes: int) -> Sequence[bytes]:
        """Remove and return the next frames, at most this many bytes but at least one frame."""
        ...


NewWaiting = Callable[[int, float | None], Waiting]


class OwnOutbox(Outbox):
    """An outbox whose frames are in an object of yours. The sizes and ages that it reports are counted here."""

    __slots__ = ("_fault", "_sizes", "_waiting")

    def __init__(self, waiting: Waiting | None, max_bytes: int, fault: Callable[[str], None]) -> None:
        """Without an object, it refuses every frame. `fault` gets what the object raises."""
        super().__init__(max_bytes, None)
        self._waiting = waiting
        self._sizes: deque[tuple[float, int]] = deque()  # when each waiting frame was offered, and its size
        self._fault = fault

    def offer(self, frame: bytes, now: float) -> Offer:
        """Offer the frame to your object."""
        if self._waiting is None or not self._accepts(self._waiting, frame, now):
            return Offer.OVERFLOW
        if self.oldest_at is None:
            self.oldest_at = now
        self._sizes.append((now, len(frame)))
        self.queued_bytes += len(frame)
        self.peak_bytes = max(self.peak_bytes, self.queued_bytes + self.in_flight_bytes)
        return Offer.ACCEPTED

    def _accepts(self, waiting: Waiting, frame: bytes, now: float) -> bool:
        try:
            return bool(waiting.offer(frame, now))
        except Exception as error:
            self._failed("offer", error)
            return False

    def take(self, max_bytes: int) -> bytes:
        """Take the next frames from your object. If it returns none, nothing is waiting."""
        try:
            frames = list(self._waiting.take(max_bytes)) if self._waiting is not None else []
            data = b"".join(frames)
        except Exception as error:
            self._failed("take", error)
            frames, data = [], b""
        for _ in range(min(len(frames), len(self._sizes)) if data else len(self._sizes)):
            self.queued_bytes -= self._sizes.popleft()[1]
        self.in_flight_bytes += len(data)
        return data

    def delivered(self) -> None:
        """Record that the transport has handed everything in flight to the kernel."""
        self.in_flight_bytes = 0
        self.oldest_at = self._sizes[0][0] if self._sizes else None

    def drop(self) -> None:
        """Drop your object, and with it everything that waits."""
        self._waiting = None
        self._sizes.clear()
        super().drop()

    def _failed(self, method: str, error: Exception) -> None:
        self._fault(f"{type(self._waiting).__name__}.{method} raised {type(error).__name__}: {error}")
        self._waiting = None


class OutboxMaker(OwnClass):
    """Creates a server's outboxes. `faults` holds what your class raised."""

    def __call__(self, max_bytes: int, max_age_s: float | None) -> Outbox:
        """Create one member's outbox. It refuses everything if your class cannot be created."""
        return OwnOutbox(self.made(max_bytes, max_age_s), max_bytes, self.add)

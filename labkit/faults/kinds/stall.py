"""Stall: TCP stays connected, but nothing passes, as with a frozen phone or a full queue. Neither side is notified.

The stall holds the bytes sent into it, and the sender blocks once its own buffers are full too.
"""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Item, Stage, Start


@dataclass(frozen=True)
class Stall(Fault):
    """Holds everything after `after_bytes`, for `seconds` or (if None) until healed. Then everything flows again."""

    seconds: float | None = None
    after_bytes: int = 0

    def start(self, at: Start) -> Stage:
        return _Stall(self.seconds, self.after_bytes, at.now)


class _Stall(Stage):
    def __init__(self, seconds: float | None, after_bytes: int, now: float) -> None:
        super().__init__()
        self._seconds = seconds
        self._left = after_bytes
        self._ends_at: float | None = None  # known once the stall has begun
        self._begin_when_due(now)

    def pull(self, now: float) -> Item | None:
        if self._left == 0:
            has_ended = self._ends_at is not None and now >= self._ends_at
            return super().pull(now) if has_ended else None
        item = self.take(now, self._left)
        if isinstance(item, bytes):
            self._left -= len(item)
            self._begin_when_due(now)
        return item

    def next_at(self) -> float | None:
        due = super().next_at()
        return due if due is None or self._left > 0 else self._ends_at

    def _begin_when_due(self, now: float) -> None:
        if self._left == 0 and self._seconds is not None:
            self._ends_at = now + self._seconds

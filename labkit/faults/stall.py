"""Stall: TCP is alive and nothing passes. A frozen phone, a full queue in between: nobody is told anything.

What is sent into a stall is held, and the sender blocks when its own buffers are full too.
"""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Item, Stage, Start


@dataclass(frozen=True)
class Stall(Fault):
    """After `after_bytes` nothing passes: for `seconds`, or with None until it is healed. Then all of it flows on."""

    seconds: float | None = None
    after_bytes: int = 0

    def start(self, at: Start) -> Stage:
        """A wire that stops."""
        return _Stall(self.seconds, self.after_bytes, at.now)


class _Stall(Stage):
    def __init__(self, seconds: float | None, after_bytes: int, now: float) -> None:
        super().__init__()
        self._seconds = seconds
        self._left = after_bytes
        self._ends_at: float | None = None  # known once it has begun
        self._begin_when_due(now)

    def pull(self, now: float) -> Item | None:
        if self._left == 0:
            is_over = self._ends_at is not None and now >= self._ends_at
            return super().pull(now) if is_over else None
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

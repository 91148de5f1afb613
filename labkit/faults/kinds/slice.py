"""Slice: the same bytes arrive in arbitrary pieces. TCP may do this, because it does not keep message boundaries."""

from dataclasses import dataclass
from random import Random

from labkit.faults.fault import Fault, Item, Stage, Start


@dataclass(frozen=True)
class Slice(Fault):
    """Passes pieces of 1 to `most_bytes` bytes, chosen uniformly. The cuts depend only on the seed."""

    most_bytes: int = 7

    def start(self, at: Start) -> Stage:
        return _Slice(self.most_bytes, at.rng)


class _Slice(Stage):
    def __init__(self, most_bytes: int, rng: Random) -> None:
        super().__init__()
        self._most_bytes = most_bytes
        self._rng = rng
        self._left = 0  # bytes left in the current slice

    def pull(self, now: float) -> Item | None:
        if self._left == 0:
            self._left = self._rng.randint(1, self._most_bytes)
        item = self.take(now, self._left)
        if isinstance(item, bytes):
            self._left -= len(item)
        return item

"""Jitter: a delay that varies. TCP keeps the order, so one late piece delays everything behind it."""

from dataclasses import dataclass
from random import Random

from labkit.faults.fault import Fault, Item, Stage, Start
from labkit.faults.kinds.latency import WIRE_BYTES


@dataclass(frozen=True)
class Jitter(Fault):
    """Delays each piece by 0 to `seconds`, drawn evenly, and never lets it overtake the piece before it."""

    seconds: float = 0.1

    def start(self, at: Start) -> Stage:
        return _Jitter(self.seconds, at.rng)


class _Jitter(Stage):
    most_held_bytes = WIRE_BYTES

    def __init__(self, seconds: float, rng: Random) -> None:
        super().__init__()
        self._seconds = seconds
        self._rng = rng

    def push(self, item: Item, now: float) -> None:
        self.queue(item, now + self._rng.uniform(0, self._seconds))  # a queue keeps its order

"""Jitter: a wire whose length changes. TCP keeps the order, so one late piece makes all behind it late."""

from dataclasses import dataclass
from random import Random

from labkit.faults.fault import Fault, Item, Stage, Start
from labkit.faults.latency import WIRE_BYTES


@dataclass(frozen=True)
class Jitter(Fault):
    """Each piece goes on 0 to `seconds` after it came, drawn evenly, and never before the piece ahead of it."""

    seconds: float = 0.1

    def start(self, at: Start) -> Stage:
        """A wire with its own chance."""
        return _Jitter(self.seconds, at.rng)


class _Jitter(Stage):
    holds_bytes = WIRE_BYTES

    def __init__(self, seconds: float, rng: Random) -> None:
        super().__init__()
        self._seconds = seconds
        self._rng = rng

    def push(self, item: Item, now: float) -> None:
        self.queue(item, now + self._rng.uniform(0, self._seconds))  # and a queue keeps its order

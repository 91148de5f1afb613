"""Latency: a longer wire. Every byte arrives, later; a request and its answer wait twice."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Item, Stage, Start

WIRE_BYTES = 64 * 1024  # what is under way: at most so much a latency, like a TCP window on a long wire


@dataclass(frozen=True)
class Latency(Fault):
    """Each piece goes on `seconds` after it came."""

    seconds: float = 0.1

    def start(self, at: Start) -> Stage:
        """A wire of that length."""
        return _Latency(self.seconds)


class _Latency(Stage):
    holds_bytes = WIRE_BYTES

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def push(self, item: Item, now: float) -> None:
        self.queue(item, now + self._seconds)

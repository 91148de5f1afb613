"""Latency: every byte arrives late. A request and its answer are each delayed once."""

from collections.abc import Callable
from dataclasses import dataclass

from labkit.faults.fault import Fault, Item, Stage, Start

WIRE_BYTES = 64 * 1024  # the most bytes in flight, like the TCP window on a long-distance link


@dataclass(frozen=True)
class Latency(Fault):
    """Delays each piece by `seconds`."""

    seconds: float = 0.1

    def start(self, at: Start) -> Stage:
        return Delayed(lambda: self.seconds)


class Delayed(Stage):
    """Delays each piece by the seconds that `delay_s` returns. Pieces stay in order, even if a later one is due."""

    most_held_bytes = WIRE_BYTES

    def __init__(self, delay_s: Callable[[], float]) -> None:
        super().__init__()
        self._delay_s = delay_s

    def push(self, item: Item, now: float) -> None:
        self.queue(item, now + self._delay_s())

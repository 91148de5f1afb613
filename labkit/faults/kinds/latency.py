"""Latency: every byte arrives, but later; a request and its answer are each delayed once."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Item, Stage, Start

WIRE_BYTES = 64 * 1024  # the most in flight, like a TCP window on a long wire


@dataclass(frozen=True)
class Latency(Fault):
    """Delays each piece by `seconds`."""

    seconds: float = 0.1

    def start(self, at: Start) -> Stage:
        return _Latency(self.seconds)


class _Latency(Stage):
    most_held_bytes = WIRE_BYTES

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def push(self, item: Item, now: float) -> None:
        self.queue(item, now + self._seconds)

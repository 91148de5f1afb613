"""Throttle: limited bandwidth. Anything faster queues up at the sender."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Item, Stage, Start

PIECES_PER_S = 50
CATCH_UP_S = 0.05  # how much timer delay to make up for, so that the rate is right even on a busy machine


@dataclass(frozen=True)
class Throttle(Fault):
    """Passes at most `bytes_per_s`."""

    bytes_per_s: float = 2000

    def start(self, at: Start) -> Stage:
        return Paced(max(1, int(self.bytes_per_s / PIECES_PER_S)), 1 / self.bytes_per_s)


class Paced(Stage):
    """Passes pieces of at most `most_bytes`, each followed by a pause in proportion to its length."""

    most_held_bytes = 4 * 1024  # more would take seconds at a low rate, and delay the end of the connection

    def __init__(self, most_bytes: int, seconds_per_byte: float) -> None:
        super().__init__()
        self._most_bytes = most_bytes
        self._seconds_per_byte = seconds_per_byte
        self._free_at = 0.0

    def pull(self, now: float) -> Item | None:
        item = self.take(now, self._most_bytes) if now >= self._free_at else None
        if isinstance(item, bytes):
            self._free_at = max(self._free_at, now - CATCH_UP_S) + len(item) * self._seconds_per_byte
        return item

    def next_at(self) -> float | None:
        due = super().next_at()
        return None if due is None else max(due, self._free_at)

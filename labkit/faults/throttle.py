"""Throttle: a narrow wire. What comes faster than it takes queues up at the sender."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Item, Stage, Start

PIECES_PER_S = 50
CATCH_UP_S = 0.05  # a timer that was late may be made up for, so that the rate is right on a busy machine


@dataclass(frozen=True)
class Throttle(Fault):
    """At most `bytes_per_s`."""

    bytes_per_s: float = 2000

    def start(self, at: Start) -> Stage:
        """A wire of that width."""
        return Paced(max(1, int(self.bytes_per_s / PIECES_PER_S)), 1 / self.bytes_per_s)


class Paced(Stage):
    """Pieces of at most so many bytes, and a pause behind each that is as long as it was."""

    holds_bytes = 4 * 1024  # more would be seconds of a narrow wire, and whatever ends the connection comes behind it

    def __init__(self, most_bytes: int, seconds_per_byte: float) -> None:
        super().__init__()
        self._most_bytes = most_bytes
        self._seconds_per_byte = seconds_per_byte
        self._free_at = 0.0

    def pull(self, now: float) -> Item | None:
        """A piece, when the one before it is through."""
        item = self.take(now, self._most_bytes) if now >= self._free_at else None
        if isinstance(item, bytes):
            self._free_at = max(self._free_at, now - CATCH_UP_S) + len(item) * self._seconds_per_byte
        return item

    def next_at(self) -> float | None:
        """When the wire is free again."""
        due = super().next_at()
        return None if due is None else max(due, self._free_at)

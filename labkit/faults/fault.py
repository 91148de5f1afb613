"""The base of every fault: its frozen settings, and a stage for each direction of each connection.

    push -> [ stage: a queue of items, each with the time when it may leave ] -> pull

A stage uses no socket and no clock. Since `now` is an argument, a test can simulate a minute instantly. The end of a
stream is queued behind its bytes.
"""

from collections import deque
from dataclasses import dataclass, fields
from enum import Enum
from math import isfinite
from random import Random
from typing import NamedTuple

from labkit.faults.frames import FrameCutter

# How much a stage holds before the proxy stops reading. It is small, so that a server notices a member that stops
# reading.
HELD_BYTES = 16 * 1024
MUST_BE_ABOVE_0 = ("bytes_per_s", "most_bytes")


class End(Enum):
    """How a stream ends."""

    FIN = "no more bytes in this direction; the other direction continues"
    CLOSE = "FIN in both directions"
    RESET = "RST in both directions"


Item = bytes | End


class Start(NamedTuple):
    """The inputs of a new stage: its random numbers, its position in the frames, and the time in seconds."""

    rng: Random
    cutter: FrameCutter
    now: float


class Stage:
    """Applies one fault to one direction of one connection. This base class passes everything on unchanged."""

    most_held_bytes = HELD_BYTES

    def __init__(self) -> None:
        self._queue: deque[tuple[float, Item]] = deque()  # (when the item may leave, the item)
        self._queued_bytes = 0

    def push(self, item: Item, now: float) -> None:
        """Accept bytes, or the end of the stream."""
        self.queue(item, now)

    def queue(self, item: Item, due: float) -> None:
        """Queue an item. It may leave at `due` or later, after everything queued before it."""
        if item != b"":
            self._queue.append((due, item))
            self._queued_bytes += _size(item)

    def pull(self, now: float) -> Item | None:
        """Return the next item that may leave now, if any. The proxy writes each item separately."""
        return self.take(now, HELD_BYTES)

    def take(self, now: float, most_bytes: int) -> Item | None:
        """Return the head of the queue if it is due, cut to `most_bytes`."""
        if not self._queue or self._queue[0][0] > now:
            return None
        due, item = self._queue.popleft()
        if isinstance(item, bytes) and len(item) > most_bytes:
            self._queue.appendleft((due, item[most_bytes:]))
            item = item[:most_bytes]
        self._queued_bytes -= _size(item)
        return item

    def next_at(self) -> float | None:
        """Return when to pull again even if nothing is pushed, or None if there is no need to."""
        return self._queue[0][0] if self._queue else None

    def held_bytes(self) -> int:
        """Return how many bytes this stage holds."""
        return self._queued_bytes

    def free_bytes(self) -> int:
        """Return how many more bytes this stage accepts. At 0, the proxy stops reading."""
        return self.most_held_bytes - self.held_bytes()

    def release(self) -> list[Item]:
        """Remove and return everything the stage holds, in order, because the fault is ending."""
        released = [item for _, item in self._queue]
        self._queue.clear()
        self._queued_bytes = 0
        return released


class Cut(Stage):
    """Passes `after_bytes`, then ends the stream. If `then` is None, it discards everything that follows instead."""

    def __init__(self, after_bytes: int, then: End | None, now: float) -> None:
        super().__init__()
        self._left = after_bytes
        self._then = then
        self._is_cut = False
        self._cut_when_due(now)

    def push(self, item: Item, now: float) -> None:
        """Pass the item if it comes before the cut."""
        if self._is_cut:
            return
        first = item[: self._left] if isinstance(item, bytes) else item
        self._left -= _size(first)
        self.queue(first, now)
        self._cut_when_due(now)

    def _cut_when_due(self, now: float) -> None:
        self._is_cut = self._left == 0
        if self._is_cut and self._then is not None:
            self.queue(self._then, now)


@dataclass(frozen=True)
class Fault:
    """A network fault. Its fields are its settings, with times in seconds and sizes in bytes.

    Raises ValueError for an impossible setting.
    """

    def __post_init__(self) -> None:
        for field in fields(self):
            name, value = field.name, getattr(self, field.name)
            is_number = isinstance(field.default, int | float | None) or isinstance(value, int | float)
            is_off = value is None and field.default is None
            if is_number and not is_off and not _makes_sense(name, value):
                raise ValueError(f"{type(self).__name__}({name}={value!r}) is invalid; the default is {field.default}")

    def start(self, at: Start) -> Stage:
        """Make a stage for one direction of one connection."""
        raise NotImplementedError


def _makes_sense(name: str, value: object) -> bool:
    """Return whether a setting is possible. A schedule in JSON may contain "0.1" instead of 0.1."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return isfinite(value) and value >= 0 and (value > 0 or name not in MUST_BE_ABOVE_0)


def _size(item: Item) -> int:
    return len(item) if isinstance(item, bytes) else 0

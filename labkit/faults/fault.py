"""The base of every fault: frozen settings, and a stage for each direction of each connection.

    push -> [ stage: a queue of what may go on, and when ] -> pull

A stage knows no socket and no clock: `now` is an argument, so a test can run a minute of it in no time. The end of a
stream is queued behind its bytes.
"""

from collections import deque
from dataclasses import dataclass, fields
from enum import Enum
from math import isfinite
from random import Random
from typing import NamedTuple

from labkit.faults.frames import FrameCutter

# What a stage takes before the proxy stops reading: little, so that a member that does not read shows at the server.
HELD_BYTES = 16 * 1024
MUST_BE_ABOVE_0 = ("bytes_per_s", "most_bytes")


class End(Enum):
    """How a stream ends."""

    FIN = "no more bytes in this direction; the other continues"
    CLOSE = "FIN in both directions"
    RESET = "RST in both directions"


Item = bytes | End


class Start(NamedTuple):
    """What a stage starts with: its own random numbers, the position between frames, and the time in seconds."""

    rng: Random
    cutter: FrameCutter
    now: float


class Stage:
    """What one fault does to one direction of one connection. This base class passes everything on unchanged."""

    most_held_bytes = HELD_BYTES

    def __init__(self) -> None:
        self._queue: deque[tuple[float, Item]] = deque()  # (when it may go on, what)
        self._queued_bytes = 0

    def push(self, item: Item, now: float) -> None:
        """Take bytes, or the end of them."""
        self.queue(item, now)

    def queue(self, item: Item, due: float) -> None:
        """Let an item go on at `due` or later, behind everything queued before it."""
        if item != b"":
            self._queue.append((due, item))
            self._queued_bytes += _size(item)

    def pull(self, now: float) -> Item | None:
        """Return the next item that may go on now, if any. The proxy writes each piece separately."""
        return self.take(now, HELD_BYTES)

    def take(self, now: float, most_bytes: int) -> Item | None:
        """Return the head of the queue when it is due, or its first bytes."""
        if not self._queue or self._queue[0][0] > now:
            return None
        due, item = self._queue.popleft()
        if isinstance(item, bytes) and len(item) > most_bytes:
            self._queue.appendleft((due, item[most_bytes:]))
            item = item[:most_bytes]
        self._queued_bytes -= _size(item)
        return item

    def next_at(self) -> float | None:
        """Return when to pull again even if nothing is pushed; None for never."""
        return self._queue[0][0] if self._queue else None

    def held_bytes(self) -> int:
        """Return how many bytes it holds."""
        return self._queued_bytes

    def free_bytes(self) -> int:
        """Return how many more bytes it takes; at 0 the proxy stops reading."""
        return self.most_held_bytes - self.held_bytes()

    def release(self) -> list[Item]:
        """Give up everything it holds, in order, because the fault ends."""
        released = [item for _, item in self._queue]
        self._queue.clear()
        self._queued_bytes = 0
        return released


class Cut(Stage):
    """Passes `after_bytes`, then ends the stream, or with None discards what follows."""

    def __init__(self, after_bytes: int, then: End | None, now: float) -> None:
        super().__init__()
        self._left = after_bytes
        self._then = then
        self._is_cut = False
        self._cut_when_due(now)

    def push(self, item: Item, now: float) -> None:
        """Pass it if it comes before the cut."""
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
    """What a network does to bytes. Its fields are its settings: times in seconds, sizes in bytes.

    Raises ValueError for a setting that makes no sense.
    """

    def __post_init__(self) -> None:
        for field in fields(self):
            name, value = field.name, getattr(self, field.name)
            is_number = isinstance(field.default, int | float | None) or isinstance(value, int | float)
            is_off = value is None and field.default is None
            if is_number and not is_off and not _makes_sense(name, value):
                raise ValueError(f"{type(self).__name__}({name}={value!r}) cannot be; the default is {field.default}")

    def start(self, at: Start) -> Stage:
        """Make a stage for one direction of one connection."""
        raise NotImplementedError


def _makes_sense(name: str, value: object) -> bool:
    """Reject non-numbers too: a plan in JSON may contain "0.1" instead of 0.1."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return isfinite(value) and value >= 0 and (value > 0 or name not in MUST_BE_ABOVE_0)


def _size(item: Item) -> int:
    return len(item) if isinstance(item, bytes) else 0

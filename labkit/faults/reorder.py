"""Reorder: two messages change places. TCP never does this; a server with two workers does, a client with two tasks."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Item, Stage, Start
from labkit.faults.frame_stage import Frame, FrameStage
from labkit.faults.frames import CLOSE


@dataclass(frozen=True)
class Reorder(Fault):
    """Neighbours are swapped: 2 1 4 3. One without a neighbour for `seconds` goes alone; fragments stay in place."""

    seconds: float = 0.2

    def start(self, at: Start) -> Stage:
        """A wire that swaps."""
        return _Reorder(self.seconds, at)


class _Reorder(FrameStage):
    def __init__(self, seconds: float, at: Start) -> None:
        super().__init__(at)
        self._seconds = seconds
        self._first: tuple[float, bytes] | None = None  # (when it goes on alone, the frame)

    def frame(self, frame: Frame, now: float) -> None:
        if frame.is_message and self._first is None:
            self._first = now + self._seconds, frame.raw
            return
        if frame.is_fragment or frame.opcode == CLOSE:
            self._let_first_go(now)
        self.queue(frame.raw, now)
        if frame.is_message:
            self._let_first_go(now)

    def other(self, item: Item, now: float) -> None:
        self._let_first_go(now)
        self.queue(item, now)

    def pull(self, now: float) -> Item | None:
        if self._first is not None and now >= self._first[0]:
            self._let_first_go(now)
        return super().pull(now)

    def next_at(self) -> float | None:
        return super().next_at() if self._first is None else self._first[0]

    def held(self) -> int:
        return super().held() + (0 if self._first is None else len(self._first[1]))

    def release(self) -> list[Item]:
        self._let_first_go(0)
        return super().release()

    def _let_first_go(self, now: float) -> None:
        if self._first is not None:
            self.queue(self._first[1], now)
            self._first = None

"""Reorder: two messages swap places. TCP never does this, but a server with two workers might."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Item, Stage, Start
from labkit.faults.frame_stage import Frame, FrameStage
from labkit.faults.frames import CLOSE


@dataclass(frozen=True)
class Reorder(Fault):
    """Swaps pairs of messages: 2 1 4 3. A message without a partner passes alone after `seconds`. Fragments stay."""

    seconds: float = 0.2

    def start(self, at: Start) -> Stage:
        return _Reorder(self.seconds, at)


class _Reorder(FrameStage):
    def __init__(self, seconds: float, at: Start) -> None:
        super().__init__(at)
        self._seconds = seconds
        self._first: tuple[float, bytes] | None = None  # (when the frame passes alone, the frame)

    def frame(self, frame: Frame, now: float) -> None:
        if frame.is_message and self._first is None:
            self._first = now + self._seconds, frame.raw
            return
        if frame.is_fragment or frame.opcode == CLOSE:
            self._pass_first(now)
        self.queue(frame.raw, now)
        if frame.is_message:
            self._pass_first(now)

    def other(self, item: Item, now: float) -> None:
        self._pass_first(now)
        self.queue(item, now)

    def pull(self, now: float) -> Item | None:
        if self._first is not None and now >= self._first[0]:
            self._pass_first(now)
        return super().pull(now)

    def next_at(self) -> float | None:
        return super().next_at() if self._first is None else self._first[0]

    def held_bytes(self) -> int:
        return super().held_bytes() + (0 if self._first is None else len(self._first[1]))

    def release(self) -> list[Item]:
        self._pass_first(0)
        return super().release()

    def _pass_first(self, now: float) -> None:
        if self._first is not None:
            self.queue(self._first[1], now)
            self._first = None

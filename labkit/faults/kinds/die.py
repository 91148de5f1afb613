"""Die: the connection ends in the middle of a frame, as if a process had been killed while writing."""

from dataclasses import dataclass

from labkit.faults.fault import End, Fault, Item, Stage, Start
from labkit.faults.frames import FrameCutter


@dataclass(frozen=True)
class Die(Fault):
    """Sends FIN to both sides after `after_bytes`, or one byte later if that is a frame boundary."""

    after_bytes: int = 0

    def start(self, at: Start) -> Stage:
        return _Die(self.after_bytes, at.cutter, at.now)


class _Die(Stage):
    def __init__(self, after_bytes: int, cutter: FrameCutter, now: float) -> None:
        super().__init__()
        self._left = after_bytes
        self._cutter = cutter
        self._is_dead = False
        self._die_when_due(now)

    def push(self, item: Item, now: float) -> None:
        while item and not self._is_dead:
            if isinstance(item, End):
                self.queue(item, now)
                return
            first = item[: max(1, self._left)]
            self._left = max(0, self._left - len(first))
            self._cutter.cut(first)
            self.queue(first, now)
            item = item[len(first) :]
            self._die_when_due(now)

    def _die_when_due(self, now: float) -> None:
        if self._left == 0 and not self._cutter.is_between_frames:
            self._is_dead = True
            self.queue(End.CLOSE, now)

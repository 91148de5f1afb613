"""Duplicate: messages arrive twice, as if a client had resent them because the answer was late."""

from dataclasses import dataclass
from random import Random

from labkit.faults.fault import Fault, Stage, Start
from labkit.faults.frame_stage import Frame, FrameStage


@dataclass(frozen=True)
class Duplicate(Fault):
    """Sends a share of the messages twice; 1.0 means all. Fragments and control frames are sent once."""

    share: float = 1.0

    def start(self, at: Start) -> Stage:
        return _Duplicate(self.share, at)


class _Duplicate(FrameStage):
    def __init__(self, share: float, at: Start) -> None:
        super().__init__(at)
        self._share = share
        self._rng: Random = at.rng

    def frame(self, frame: Frame, now: float) -> None:
        super().frame(frame, now)
        if frame.is_message and self._rng.random() < self._share:
            super().frame(frame, now)

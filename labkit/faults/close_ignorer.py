"""CloseIgnorer: a peer that answers no close frame. Down, the client never sees it; up, its answer gets lost."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Stage, Start
from labkit.faults.frame_stage import Frame, FrameStage
from labkit.faults.frames import CLOSE


@dataclass(frozen=True)
class CloseIgnorer(Fault):
    """Close frames are taken away; all others pass."""

    def start(self, at: Start) -> Stage:
        """A wire without close frames."""
        return _CloseIgnorer(at)


class _CloseIgnorer(FrameStage):
    def frame(self, frame: Frame, now: float) -> None:
        if frame.opcode != CLOSE:
            super().frame(frame, now)

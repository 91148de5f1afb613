"""CloseIgnorer: a peer that answers no close frame. Down, the client never sees one; up, its answer is lost."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Stage, Start
from labkit.faults.frame_stage import DropFrames
from labkit.faults.frames import CLOSE


@dataclass(frozen=True)
class CloseIgnorer(Fault):
    """Removes close frames and passes all others."""

    def start(self, at: Start) -> Stage:
        return DropFrames(at, CLOSE)

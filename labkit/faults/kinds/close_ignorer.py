"""CloseIgnorer: a peer that does not answer close frames, because it never sees one, or because its answer is lost."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Stage, Start
from labkit.faults.frame_stage import DropFrames
from labkit.faults.frames import CLOSE


@dataclass(frozen=True)
class CloseIgnorer(Fault):
    """Removes close frames and passes all other frames."""

    def start(self, at: Start) -> Stage:
        return DropFrames(at, CLOSE)

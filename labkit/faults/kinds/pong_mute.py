"""PongMute: a client that is connected but answers no ping, like a tab in a frozen browser. Use it up."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Stage, Start
from labkit.faults.frame_stage import DropFrames
from labkit.faults.frames import PONG


@dataclass(frozen=True)
class PongMute(Fault):
    """Removes pong frames and passes all others."""

    def start(self, at: Start) -> Stage:
        return DropFrames(at, PONG)

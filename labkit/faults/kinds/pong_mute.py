"""PongMute: a client that is connected but does not answer pings, like a frozen browser tab. Use it with `up`."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Stage, Start
from labkit.faults.frame_stage import DropFrames
from labkit.faults.frames import PONG


@dataclass(frozen=True)
class PongMute(Fault):
    """Removes pong frames and passes all other frames."""

    def start(self, at: Start) -> Stage:
        return DropFrames(at, PONG)

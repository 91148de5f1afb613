"""PongMute: a client that is there and answers no ping, as a tab in a frozen browser. Goes up: the client's side."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Stage, Start
from labkit.faults.frame_stage import Frame, FrameStage
from labkit.faults.frames import PONG


@dataclass(frozen=True)
class PongMute(Fault):
    """Pong frames are taken away; all others pass."""

    def start(self, at: Start) -> Stage:
        """A wire without pongs."""
        return _PongMute(at)


class _PongMute(FrameStage):
    def frame(self, frame: Frame, now: float) -> None:
        if frame.opcode != PONG:
            super().frame(frame, now)

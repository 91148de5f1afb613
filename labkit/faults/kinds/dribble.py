"""Dribble: bytes arrive one at a time. This breaks a receiver that expects each read to return a whole message."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Stage, Start
from labkit.faults.kinds.throttle import Paced


@dataclass(frozen=True)
class Dribble(Fault):
    """Passes single bytes, `seconds` apart."""

    seconds: float = 0.01

    def start(self, at: Start) -> Stage:
        return Paced(1, self.seconds)

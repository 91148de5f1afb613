"""Dribble: one byte at a time. A receiver that expects whole messages breaks; a deadline per message does not."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Stage, Start
from labkit.faults.kinds.throttle import Paced


@dataclass(frozen=True)
class Dribble(Fault):
    """Passes single bytes, `seconds` apart."""

    seconds: float = 0.01

    def start(self, at: Start) -> Stage:
        return Paced(1, self.seconds)

"""Dribble: a byte at a time. A receiver that thinks in whole messages breaks; a deadline for the whole one does not."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Stage, Start
from labkit.faults.throttle import Paced


@dataclass(frozen=True)
class Dribble(Fault):
    """Single bytes, `seconds` apart."""

    seconds: float = 0.01

    def start(self, at: Start) -> Stage:
        """A wire that takes one byte at a time."""
        return Paced(1, self.seconds)

"""Jitter: a delay that varies. TCP keeps the order, so one late piece delays everything behind it."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Stage, Start
from labkit.faults.kinds.latency import Delayed


@dataclass(frozen=True)
class Jitter(Fault):
    """Delays each piece by 0 to `seconds`, chosen uniformly. A piece never overtakes the one before it."""

    seconds: float = 0.1

    def start(self, at: Start) -> Stage:
        return Delayed(lambda: at.rng.uniform(0, self.seconds))

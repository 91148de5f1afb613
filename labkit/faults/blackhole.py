"""Blackhole: everything is taken and forgotten. The sender's buffers stay empty, so only a deadline notices."""

from dataclasses import dataclass

from labkit.faults.fault import Cut, Fault, Stage, Start


@dataclass(frozen=True)
class Blackhole(Fault):
    """After `after_bytes` nothing arrives, not even the end. Healed, the stream goes on with a hole in it."""

    after_bytes: int = 0

    def start(self, at: Start) -> Stage:
        """A wire into nowhere."""
        return Cut(self.after_bytes, None, at.now)

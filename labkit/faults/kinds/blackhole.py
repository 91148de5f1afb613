"""Blackhole: everything is read and discarded. The sender's buffers stay empty, so only a deadline reveals it."""

from dataclasses import dataclass

from labkit.faults.fault import Cut, Fault, Stage, Start


@dataclass(frozen=True)
class Blackhole(Fault):
    """Passes `after_bytes`, then nothing, not even the end. Once healed, the stream continues with a gap in it."""

    after_bytes: int = 0

    def start(self, at: Start) -> Stage:
        return Cut(self.after_bytes, None, at.now)

"""Reset: both sides get RST. Bytes in flight are lost, no close frame arrives, and both sides see 1006."""

from dataclasses import dataclass

from labkit.faults.fault import Cut, End, Fault, Stage, Start


@dataclass(frozen=True)
class Reset(Fault):
    """Sends RST to both sides after `after_bytes`, or immediately if that is 0."""

    after_bytes: int = 0

    def start(self, at: Start) -> Stage:
        return Cut(self.after_bytes, End.RESET, at.now)

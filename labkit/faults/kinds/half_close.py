"""HalfClose: the receiver gets FIN; the other direction stays open, and the sender notices nothing."""

from dataclasses import dataclass

from labkit.faults.fault import Cut, End, Fault, Stage, Start


@dataclass(frozen=True)
class HalfClose(Fault):
    """Sends FIN to the receiver after `after_bytes`. Anything more from the sender is read and discarded."""

    after_bytes: int = 0

    def start(self, at: Start) -> Stage:
        return Cut(self.after_bytes, End.FIN, at.now)

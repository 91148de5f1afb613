"""HalfClose: the receiver is told "no more", by FIN; the other direction lives on, and the sender knows nothing."""

from dataclasses import dataclass

from labkit.faults.fault import Cut, End, Fault, Stage, Start


@dataclass(frozen=True)
class HalfClose(Fault):
    """FIN to the receiver after `after_bytes`; what the sender still sends is read and forgotten."""

    after_bytes: int = 0

    def start(self, at: Start) -> Stage:
        """A wire that ends on one side."""
        return Cut(self.after_bytes, End.FIN, at.now)

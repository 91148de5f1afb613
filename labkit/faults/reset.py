"""Reset: RST to both sides. What was on its way is lost; neither side gets a close frame, and both see 1006."""

from dataclasses import dataclass

from labkit.faults.fault import Cut, End, Fault, Stage, Start


@dataclass(frozen=True)
class Reset(Fault):
    """RST after `after_bytes`; with 0 at once."""

    after_bytes: int = 0

    def start(self, at: Start) -> Stage:
        """A wire that is torn."""
        return Cut(self.after_bytes, End.RESET, at.now)

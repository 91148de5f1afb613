"""Pass: the fault that is none. Always the first of a chain, and the one to read first."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Stage, Start


@dataclass(frozen=True)
class Pass(Fault):
    """Bytes go on as they came, at once."""

    def start(self, at: Start) -> Stage:
        """The plain stage."""
        return Stage()

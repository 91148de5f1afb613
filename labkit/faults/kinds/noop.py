"""Pass: no fault at all. The example to read first."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Stage, Start


@dataclass(frozen=True)
class Pass(Fault):
    """Passes bytes on at once and unchanged."""

    def start(self, at: Start) -> Stage:
        return Stage()

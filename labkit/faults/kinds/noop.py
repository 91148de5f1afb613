"""Pass: no fault at all. Read this example first."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Stage, Start


@dataclass(frozen=True)
class Pass(Fault):
    """Passes bytes on immediately and unchanged."""

    def start(self, at: Start) -> Stage:
        return Stage()

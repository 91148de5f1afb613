"""After: any fault, but later. The handshake passes, the auth too if you like, and what follows does not."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Stage, Start
from labkit.faults.later import Later


@dataclass(frozen=True)
class After(Fault):
    """The handshake and the next `messages` pass, `then` that fault begins; never, where no WebSocket is spoken."""

    then: Fault
    messages: int = 0

    def start(self, at: Start) -> Stage:
        """A wire that is healthy at first."""
        return Later(self.then.start, self.messages, at)

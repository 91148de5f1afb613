"""After: any fault, but later: the handshake passes first, and as many messages as you like."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Stage, Start
from labkit.faults.later import Later


@dataclass(frozen=True)
class After(Fault):
    """Begins the fault `then` after the handshake and `messages`; never on a connection without WebSocket."""

    then: Fault
    messages: int = 0

    def start(self, at: Start) -> Stage:
        return Later(self.then.start, self.messages, at)

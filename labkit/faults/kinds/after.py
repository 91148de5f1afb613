"""After: delays any other fault until the handshake and a number of messages have passed."""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Stage, Start
from labkit.faults.later import Later


@dataclass(frozen=True)
class After(Fault):
    """Starts the fault `then` after the handshake and `messages` messages. It never starts without a WebSocket."""

    then: Fault
    messages: int = 0

    def start(self, at: Start) -> Stage:
        return Later(self.then.start, self.messages, at)

"""NeverRead: a client that opens a connection and reads no frame of it. Goes down.

Unlike a stall it takes nothing in, so the sender's buffers fill from the first byte.
"""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Item, Stage, Start
from labkit.faults.later import Later


@dataclass(frozen=True)
class NeverRead(Fault):
    """After the handshake and `after_messages` nothing is read any more."""

    after_messages: int = 0

    def start(self, at: Start) -> Stage:
        """A wire that nobody listens to."""
        return Later(lambda _: _Deaf(), self.after_messages, at)


class _Deaf(Stage):
    holds_bytes = 0

    def pull(self, now: float) -> Item | None:
        return None

    def next_at(self) -> float | None:
        return None

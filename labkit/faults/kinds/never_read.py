"""NeverRead: a client that opens a connection and reads none of its frames. Use it down.

Unlike a stall it accepts no bytes, so the sender's buffers fill from the first byte.
"""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Item, Stage, Start
from labkit.faults.later import Later


@dataclass(frozen=True)
class NeverRead(Fault):
    """Reads nothing more after the handshake and `after_messages`."""

    after_messages: int = 0

    def start(self, at: Start) -> Stage:
        return Later(lambda _: _Unread(), self.after_messages, at)


class _Unread(Stage):
    most_held_bytes = 0

    def pull(self, now: float) -> Item | None:
        return None

    def next_at(self) -> float | None:
        return None

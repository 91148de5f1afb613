"""NeverRead: a client that opens a connection but never reads a frame. Use it with `down`.

Unlike Stall, it accepts no bytes, so the sender's buffers start to fill at the first byte.
"""

from dataclasses import dataclass

from labkit.faults.fault import Fault, Item, Stage, Start
from labkit.faults.later import Later


@dataclass(frozen=True)
class NeverRead(Fault):
    """Stops reading after the handshake and `after_messages` messages."""

    after_messages: int = 0

    def start(self, at: Start) -> Stage:
        return Later(lambda _: _Unread(), self.after_messages, at)


class _Unread(Stage):
    most_held_bytes = 0

    def pull(self, now: float) -> Item | None:
        return None

    def next_at(self) -> float | None:
        return None

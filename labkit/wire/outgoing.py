"""The way out of one connection: its outbox, written as far as the kernel takes it.

    offer --> outbox --flush--> the transport's buffer --> the kernel --> the peer
                 ^                      |
                 +------ paused --------+   while the kernel is full, frames wait where they are counted

When `flush` is called is the business of `wire.fast_path`. Taught in notebook 06 (slow consumers).
"""

import asyncio
from time import monotonic

from labkit.rules.limits import Limits
from labkit.rules.outbox import Offer, Outbox

WRITE_CHUNK_BYTES = 64 * 1024


class Outgoing:
    """What one client is sent. `is_due` says that a flush has been arranged already."""

    __slots__ = ("_transport", "is_due", "is_paused", "is_slow", "outbox")

    def __init__(self, limits: Limits) -> None:
        self.outbox = Outbox(limits.outbox_bytes, limits.outbox_age_s)
        self.is_due = False
        self.is_paused = False
        self.is_slow = False  # it overflowed and is about to be closed: a hole in the stream must not be followed
        self._transport: asyncio.Transport | None = None

    def start(self, transport: asyncio.Transport) -> None:
        """There is a transport: from now on paused means that bytes are waiting.

        high=0 would say so for TCP; asyncio's TLS takes 0 for always, and nothing would wake it up. It also pauses and
        resumes while it shakes hands, before anybody has a transport: that is forgotten here.
        """
        transport.set_write_buffer_limits(high=1, low=0)
        self._transport = transport
        self.is_paused = False

    def offer(self, frame: bytes) -> Offer:
        """Queue a frame. OVERFLOW comes once, and the caller closes the connection."""
        if self.is_slow:
            return Offer.ACCEPTED
        offered = self.outbox.offer(frame, monotonic())
        self.is_slow = offered is Offer.OVERFLOW
        return offered

    def flush(self) -> None:
        """Write what is queued, as far as the transport takes it."""
        self.is_due = False
        transport = self._transport
        while transport and not transport.is_closing() and not self.is_paused and self.outbox.queued_bytes:
            transport.write(self.outbox.take(WRITE_CHUNK_BYTES))
            if not self.is_paused:
                self.outbox.delivered()

    def resume(self) -> None:
        """All that the transport held is with the kernel."""
        self.is_paused = False
        self.outbox.delivered()
        self.flush()

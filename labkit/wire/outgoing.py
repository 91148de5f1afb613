"""The way out of one connection: what is due in this tick, and an outbox for what the kernel does not take.

    due --write_due--> the transport --> the kernel --> the peer
     |                      |
     +----> outbox <--------+   while the kernel is full, frames wait where they are counted

Nearly always the kernel has room, so what is due goes to it without being queued and counted first: kernel first, the
outbox second. When `write_due` is called is the business of `wire.fast.path`, and `way` that of `wire.fast.kernel`.
Taught in notebook 06 (slow consumers).
"""

import asyncio
from time import monotonic

from labkit.rules.limits import Limits
from labkit.rules.outbox import Offer, Outbox

WRITE_CHUNK_BYTES = 64 * 1024
NO_WAY = -1  # in place of a file descriptor: everything goes through the transport


class Outgoing:
    """What one client is sent. `due` are the frames that it was told in this tick.

    `way`: what may be written to past the transport; NO_WAY while anything waits, and when the connection ends.
    """

    __slots__ = ("_open_way", "_transport", "due", "is_paused", "is_slow", "largest_bytes", "outbox", "way")

    def __init__(self, limits: Limits) -> None:
        self.outbox = Outbox(limits.outbox_bytes, limits.outbox_age_s)
        self.due: list[bytes] = []
        self.is_paused = False
        self.is_slow = False  # it overflowed and is about to be closed: a hole in the stream must not be followed
        self.largest_bytes = 0  # of one write
        self.way = self._open_way = NO_WAY
        self._transport: asyncio.Transport | None = None

    def start(self, transport: asyncio.Transport, way: int = NO_WAY) -> None:
        """There is a transport: from now on paused means that bytes are waiting.

        Where there is a way past it, a single byte must count: the next frame would overtake it. Elsewhere 1 will do,
        and has to: asyncio's TLS takes 0 for always, and nothing would wake it up. TLS also pauses and resumes while it
        shakes hands, before anybody has a transport: that is forgotten here.
        """
        transport.set_write_buffer_limits(high=1 if way == NO_WAY else 0, low=0)
        self._transport = transport
        self.is_paused = False
        self.way = self._open_way = way

    def write_due(self) -> Offer:
        """Write what is due. OVERFLOW comes once, and the caller closes the connection."""
        due = self.due
        if self.is_paused or self.is_slow or self.outbox.queued_bytes or self._transport is None:
            return self._queue_due()
        if not due:
            return Offer.ACCEPTED
        data = due[0] if len(due) == 1 else b"".join(due)
        if len(data) > WRITE_CHUNK_BYTES or self._transport.is_closing():
            return self._queue_due()
        due.clear()
        self.largest_bytes = max(self.largest_bytes, len(data))
        self.write_rest(data, 0)
        return Offer.ACCEPTED

    def write_rest(self, data: bytes, taken: int) -> None:
        """Write what the kernel has not taken of a piece that nothing waits before."""
        assert self._transport is not None
        self._transport.write(data[taken:])
        if self.is_paused:
            self.outbox.passed(len(data), monotonic())

    @property
    def peak_bytes(self) -> int:
        """The most that ever waited for this client, if only for the rest of a tick."""
        return max(self.largest_bytes, self.outbox.peak_bytes)

    def _queue_due(self) -> Offer:
        due, now = self.due.copy(), monotonic()
        self.due.clear()
        for frame in due:
            if not self.is_slow and self.outbox.offer(frame, now) is Offer.OVERFLOW:
                self.is_slow, self.way = True, NO_WAY
                return Offer.OVERFLOW
        self.flush()
        self._look_for_way()
        return Offer.ACCEPTED

    def flush(self) -> None:
        """Write what is queued, as far as the transport takes it."""
        transport = self._transport
        while transport and not transport.is_closing() and not self.is_paused and self.outbox.queued_bytes:
            transport.write(self.outbox.take(WRITE_CHUNK_BYTES))
            if not self.is_paused:
                self.outbox.delivered()

    def pause(self) -> None:
        """The kernel is full, and the transport holds the rest."""
        self.is_paused, self.way = True, NO_WAY

    def resume(self) -> None:
        """All that the transport held is with the kernel."""
        self.is_paused = False
        self.outbox.delivered()
        self.flush()
        self._look_for_way()

    def _look_for_way(self) -> None:
        is_free = not (self.is_paused or self.is_slow or self.outbox.queued_bytes)
        self.way = self._open_way if is_free else NO_WAY

    def drop(self) -> None:
        """Forget what is not with the transport: the connection ends."""
        self.due.clear()
        self.outbox.drop()
        self.way = self._open_way = NO_WAY

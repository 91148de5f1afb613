"""The outgoing side of one connection: this tick's frames, and an outbox for bytes that the kernel has no space for.

    due --write_due--> the transport --> the kernel --> the peer
     |                      |
     +----> outbox <--------+   while the kernel's buffer is full

The kernel nearly always has space, so due frames go to it first. Only bytes that it does not accept are queued and
counted. `wire.fast.path` decides when to call `write_due`, and `wire.fast.kernel` writes directly to `fd`.
"""

import asyncio
from time import monotonic

from labkit.platform.sockets import NO_FD
from labkit.rules.limits import Limits
from labkit.rules.outbox import NewOutbox, Offer, Outbox

WRITE_CHUNK_BYTES = 64 * 1024
RECENT_S = 0.5  # at least as long as an operator waits between two readings, so that none misses a peak


class SendQueue:
    """The outgoing side of one connection. `due` holds this tick's frames.

    Frames may be written directly to `fd`. It is NO_FD while anything is waiting, and after the connection has ended.
    """

    __slots__ = (
        "_earlier_bytes",
        "_open_fd",
        "_previous_bytes",
        "_since",
        "_transport",
        "due",
        "fd",
        "is_paused",
        "is_slow",
        "largest_bytes",
        "outbox",
    )

    def __init__(self, limits: Limits, new_outbox: NewOutbox = Outbox) -> None:
        self.outbox = new_outbox(limits.outbox_bytes, limits.outbox_age_s)
        self.due: list[bytes] = []
        self.is_paused = False
        self.is_slow = False  # it overflowed and will be closed, so nothing may follow the dropped frames
        self.largest_bytes = 0  # the size of the largest write since `_since`
        self._since = 0.0  # the start of the current span; peaks of earlier ones are below
        self._previous_bytes = 0
        self._earlier_bytes = 0
        self.fd = self._open_fd = NO_FD
        self._transport: asyncio.Transport | None = None

    def start(self, transport: asyncio.Transport, fd: int = NO_FD) -> None:
        """Write to this transport from now on. Pass its file descriptor as `fd` if frames may bypass it.

        With `fd`, the transport must pause for even one unsent byte, or the next frame would overtake it. Without it,
        the limit is 1, because asyncio's TLS treats 0 as "always paused". TLS also pauses and resumes during its
        handshake, before the transport is known here, so the flag is reset.
        """
        transport.set_write_buffer_limits(high=1 if fd == NO_FD else 0, low=0)
        self._transport = transport
        self.is_paused = False
        self.fd = self._open_fd = fd

    def write_due(self) -> Offer:
        """Write this tick's frames. On overflow, return OVERFLOW once, and the caller closes the connection."""
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
        """Pass the rest of a chunk to the transport, after the kernel has accepted its first `taken` bytes."""
        assert self._transport is not None
        self._transport.write(data[taken:])
        if self.is_paused:
            self.outbox.passed(len(data), monotonic())

    @property
    def peak_bytes(self) -> int:
        """The most bytes that were ever undelivered at once, even if only for one tick."""
        return max(self._earlier_bytes, self._span_bytes)

    def recent_peak_bytes(self, now: float) -> int:
        """Return the most bytes that were undelivered at once within about the last second.

        A span ends with the first reading after RECENT_S. Its peak is reported until the next span ends, so several
        readers do not take peaks from each other.
        """
        if now - self._since >= RECENT_S:
            self._previous_bytes, self._earlier_bytes, self._since = self._span_bytes, self.peak_bytes, now
            self.largest_bytes = 0
            self.outbox.peak_bytes = self.outbox.queued_bytes + self.outbox.in_flight_bytes
        return max(self._previous_bytes, self._span_bytes)

    @property
    def _span_bytes(self) -> int:
        return max(self.largest_bytes, self.outbox.peak_bytes)

    def _queue_due(self) -> Offer:
        due, now = self.due.copy(), monotonic()
        self.due.clear()
        for frame in due:
            if not self.is_slow and self.outbox.offer(frame, now) is Offer.OVERFLOW:
                self.is_slow, self.fd = True, NO_FD
                return Offer.OVERFLOW
        self.flush()
        self._look_for_fd()
        return Offer.ACCEPTED

    def flush(self) -> None:
        """Write the queue until the transport pauses."""
        transport = self._transport
        while transport and not transport.is_closing() and not self.is_paused and self.outbox.queued_bytes:
            transport.write(self.outbox.take(WRITE_CHUNK_BYTES))
            if not self.is_paused:
                self.outbox.delivered()

    def pause(self) -> None:
        """Pause, because the kernel's buffer is full and the transport holds the rest."""
        self.is_paused, self.fd = True, NO_FD

    def resume(self) -> None:
        """Resume, because the kernel has accepted everything from the transport."""
        self.is_paused = False
        self.outbox.delivered()
        self.flush()
        self._look_for_fd()

    def _look_for_fd(self) -> None:
        is_free = not (self.is_paused or self.is_slow or self.outbox.queued_bytes)
        self.fd = self._open_fd if is_free else NO_FD

    def drop(self) -> None:
        """Drop everything that the transport does not hold, because the connection is ending."""
        self.due.clear()
        self.outbox.drop()
        self.fd = self._open_fd = NO_FD

"""Five policies for a slow consumer's queue, which differ in what they do when the queue is full.

    policy.offer(event, now)     False: the publisher must wait (only Block does this)
    policy.next()                the event to send now, or None
    policy.away_until            while this is in the future, the member is not connected

`now` is an argument, in seconds. bench.slow.trace compares them on one trace.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from labkit.rules.outbox import Offer, Outbox

MAX_BYTES = 64 * 1024
MAX_AGE_S = 3.0
AWAY_S = 1.5  # from the close to the next auth_ok: the minimum wait after 1013 plus a little jitter
HISTORY = 256  # events that a room resends to a returning member


class QueuedEvent(NamedTuple):
    """One event on its way to the member. A newer event with the same `key` may replace it."""

    number: int
    at: float
    key: str
    bytes: int


class SlowPolicy:
    """A queue of events for one member.

    `bytes` is its current size; `lost` counts events that the member will never see.
    """

    name = "unbounded"

    def __init__(self) -> None:
        self.away_until = 0.0
        self.lost = 0
        self.bytes = 0
        self.queue: deque[QueuedEvent] = deque()

    def offer(self, event: QueuedEvent, now: float) -> bool:
        """Queue an event."""
        self.queue.append(event)
        self.bytes += event.bytes
        return True

    def next(self) -> QueuedEvent | None:
        """Return the next event for the socket."""
        if not self.queue:
            return None
        event = self.queue.popleft()
        self.bytes -= event.bytes
        return event

    def tick(self, now: float) -> None:
        """Apply whatever is due at this time."""


class DropOldest(SlowPolicy):
    """A full queue drops its oldest event, because the newest ones matter most."""

    name = "drop oldest"

    def offer(self, event: QueuedEvent, now: float) -> bool:
        """Queue the event, after dropping older ones to make room."""
        while self.queue and self.bytes + event.bytes > MAX_BYTES:
            self.bytes -= self.queue.popleft().bytes
            self.lost += 1
        return super().offer(event, now)


class DropNewest(SlowPolicy):
    """A full queue drops the new event, because the earliest ones matter most."""

    name = "drop newest"

    def offer(self, event: QueuedEvent, now: float) -> bool:
        """Queue the event if there is room; otherwise drop it."""
        if self.bytes + event.bytes > MAX_BYTES:
            self.lost += 1
            return True
        return super().offer(event, now)


class Conflate(SlowPolicy):
    """A newer event replaces the queued one with the same key, because only the latest state matters."""

    name = "conflate by key"

    def offer(self, event: QueuedEvent, now: float) -> bool:
        """Queue the event in place of an older one with the same key."""
        for place, waiting in enumerate(self.queue):
            if waiting.key == event.key:
                self.queue[place] = event
                self.bytes += event.bytes - waiting.bytes
                self.lost += 1
                return True
        return super().offer(event, now)


class Block(SlowPolicy):
    """Nothing is lost: the publisher waits, and with it the whole room."""

    name = "block the room"

    def offer(self, event: QueuedEvent, now: float) -> bool:
        """Queue the event, or return False so that the publisher waits."""
        if self.bytes + event.bytes > MAX_BYTES:
            return False
        return super().offer(event, now)


class CloseAndResume(SlowPolicy):
    """labkit's policy: the member is closed with 1013, reconnects, and receives missed events that are still stored.

    It runs the server's own code, rules.outbox.
    """

    name = "close and resume"

    def __init__(self) -> None:
        super().__init__()
        self.closes = 0
        self._history: deque[QueuedEvent] = deque(maxlen=HISTORY)
        self._delivered = -1
        self._outbox = Outbox(MAX_BYTES, MAX_AGE_S)

    def offer(self, event: QueuedEvent, now: float) -> bool:
        """Queue the event, or close the member if the outbox overflows."""
        self._history.append(event)
        if now < self.away_until:
            return True
        if self._outbox.offer(bytes(event.bytes), now) is Offer.OVERFLOW:
            self._close(now)
            return True
        return super().offer(event, now)

    def next(self) -> QueuedEvent | None:
        """Return the next event, and subtract its bytes from the outbox."""
        event = super().next()
        self._outbox.delivered()
        if event is not None:
            self._delivered = event.number
            self._outbox.take(event.bytes)
        return event

    def tick(self, now: float) -> None:
        """Close the member when its oldest event is too old, and reconnect it after its wait."""
        if self.away_until and now >= self.away_until:
            self.away_until = 0.0
            self._resume(now)
        elif not self.away_until and self._outbox.is_too_old(now):
            self._close(now)

    def _close(self, now: float) -> None:
        self.closes += 1
        self.away_until = now + AWAY_S
        self.queue.clear()
        self.bytes = 0
        self._outbox = Outbox(MAX_BYTES, MAX_AGE_S)

    def _resume(self, now: float) -> None:
        """Resend all missed events, or none if some are gone: a member that sees a gap fetches the state itself."""
        missed = [event for event in self._history if event.number > self._delivered]
        if not missed:
            return
        if missed[0].number > self._delivered + 1 or sum(event.bytes for event in missed) > MAX_BYTES:
            self.lost += missed[-1].number - self._delivered
            self._delivered = missed[-1].number
            return
        for event in missed:
            self._outbox.offer(bytes(event.bytes), now)
            super().offer(event, now)


POLICIES: Sequence[type[SlowPolicy]] = (CloseAndResume, DropOldest, DropNewest, Conflate, Block)

"""Five things a server may do with what a slow member has not read: each a queue with another answer to "it is full".

    policy.offer(frame, now)     False: whoever speaks has to wait (only Block says so)
    policy.next()                the frame to send now, or None
    policy.away_until            while this is in the future, the member is not connected

All are pure and take `now`. Compared on one trace in bench.slow.trace. Taught in notebook 06 (slow consumers).
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from labkit.rules.outbox import Offer, Outbox

MAX_BYTES = 64 * 1024
MAX_AGE_S = 3.0
AWAY_S = 1.5  # from the close to the next auth_ok: the least a client waits after 1013, and a little jitter
HISTORY = 256  # what a room gives again to who comes back


class Frame(NamedTuple):
    """One event on its way to the member. `key` is what it is about: a newer one may stand for it."""

    number: int
    at: float
    key: str
    bytes: int


class Policy:
    """A queue for one member. `bytes` is what it holds now, `lost` what the member will never see."""

    name = "unbounded"

    def __init__(self) -> None:
        self.away_until = 0.0
        self.lost = 0
        self.bytes = 0
        self.queue: deque[Frame] = deque()

    def offer(self, frame: Frame, now: float) -> bool:
        """Take a frame."""
        self.queue.append(frame)
        self.bytes += frame.bytes
        return True

    def next(self) -> Frame | None:
        """Give a frame to the socket."""
        if not self.queue:
            return None
        frame = self.queue.popleft()
        self.bytes -= frame.bytes
        return frame

    def tick(self, now: float) -> None:
        """Time passes."""


class DropOldest(Policy):
    """The newest matter: a full queue forgets its oldest frame."""

    name = "drop oldest"

    def offer(self, frame: Frame, now: float) -> bool:
        """Take it; make room first."""
        while self.queue and self.bytes + frame.bytes > MAX_BYTES:
            self.bytes -= self.queue.popleft().bytes
            self.lost += 1
        return super().offer(frame, now)


class DropNewest(Policy):
    """The order matters: a full queue takes no more."""

    name = "drop newest"

    def offer(self, frame: Frame, now: float) -> bool:
        """Take it if there is room."""
        if self.bytes + frame.bytes > MAX_BYTES:
            self.lost += 1
            return True
        return super().offer(frame, now)


class Conflate(Policy):
    """The state matters: a newer frame takes the place of the one about the same thing."""

    name = "conflate by key"

    def offer(self, frame: Frame, now: float) -> bool:
        """Put it where the older one of its key was."""
        for place, waiting in enumerate(self.queue):
            if waiting.key == frame.key:
                self.queue[place] = frame
                self.bytes += frame.bytes - waiting.bytes
                self.lost += 1
                return True
        return super().offer(frame, now)


class Block(Policy):
    """Nothing may be lost: the speaker waits, and with it the room."""

    name = "block the room"

    def offer(self, frame: Frame, now: float) -> bool:
        """Take it, or tell the speaker to wait."""
        if self.bytes + frame.bytes > MAX_BYTES:
            return False
        return super().offer(frame, now)


class CloseAndResume(Policy):
    """This kit's: the member is closed with 1013, comes back, and is given what it missed, as far as it is kept.

    The limits are those of rules.outbox itself, which the server runs.
    """

    name = "close and resume"

    def __init__(self) -> None:
        super().__init__()
        self.closes = 0
        self._history: deque[Frame] = deque(maxlen=HISTORY)
        self._delivered = -1
        self._outbox = Outbox(MAX_BYTES, MAX_AGE_S)

    def offer(self, frame: Frame, now: float) -> bool:
        """Take it, unless that is one too many."""
        self._history.append(frame)
        if now < self.away_until:
            return True
        if self._outbox.offer(bytes(frame.bytes), now) is Offer.OVERFLOW:
            self._close(now)
            return True
        return super().offer(frame, now)

    def next(self) -> Frame | None:
        """Give a frame; what it weighs leaves the outbox when the socket has taken it."""
        frame = super().next()
        self._outbox.delivered()
        if frame is not None:
            self._delivered = frame.number
            self._outbox.take(frame.bytes)
        return frame

    def tick(self, now: float) -> None:
        """Close it when its oldest frame is too old; let it in again when its time has come."""
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
        """What was missed, all of it or nothing: a member that is told of a gap fetches the state anew."""
        missed = [frame for frame in self._history if frame.number > self._delivered]
        if not missed:
            return
        if missed[0].number > self._delivered + 1 or sum(frame.bytes for frame in missed) > MAX_BYTES:
            self.lost += missed[-1].number - self._delivered
            self._delivered = missed[-1].number
            return
        for frame in missed:
            self._outbox.offer(bytes(frame.bytes), now)
            super().offer(frame, now)


POLICIES: Sequence[type[Policy]] = (CloseAndResume, DropOldest, DropNewest, Conflate, Block)

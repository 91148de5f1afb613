"""The outbox against a naive model: never beyond its bytes, never older than its age, every frame once and in order."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.rules.outbox import Offer, Outbox, OutboxStatistics
from tests.clock import Clock

MAX_BYTES = 100
MAX_AGE_S = 5

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("offer"), st.integers(1, 120)),
        st.tuples(st.just("take"), st.integers(1, 150)),
        st.tuples(st.just("delivered")),
        st.tuples(st.just("drop")),
        st.tuples(st.just("wait"), st.integers(0, 4)),
    ),
    max_size=60,
)


class Life:
    """An outbox and its model, two lists of (offered at, frame), living through the same steps."""

    def __init__(self, max_age_s: float | None) -> None:
        self.clock = Clock()
        self.max_age_s = max_age_s
        self.outbox = Outbox(MAX_BYTES, max_age_s)
        self.queued: list[tuple[float, bytes]] = []
        self.flying: list[tuple[float, bytes]] = []
        self.offered = 0
        self.peak = 0

    def offer(self, size: int) -> None:
        """Refused exactly when it does not fit, or when the member has kept a frame waiting too long."""
        frame = bytes([self.offered % 256]) * size
        self.offered += 1
        held = self.flying + self.queued
        fits = sum(len(waiting) for _, waiting in held) + size <= MAX_BYTES
        late = bool(self.flying) and self.max_age_s is not None and self.clock.now - held[0][0] > self.max_age_s
        expected = Offer.ACCEPTED if fits and not late else Offer.OVERFLOW
        assert self.outbox.offer(frame, self.clock.now) is expected
        if expected is Offer.ACCEPTED:
            self.queued.append((self.clock.now, frame))
        self.peak = max(self.peak, sum(len(waiting) for _, waiting in self.flying + self.queued))

    def take(self, max_bytes: int) -> None:
        """Whole frames, in order, as many as fit, and one at least."""
        taken = 0
        while taken < len(self.queued):
            size = sum(len(frame) for _, frame in self.queued[: taken + 1])
            if taken and size > max_bytes:
                break
            taken += 1
        assert self.outbox.take(max_bytes) == b"".join(frame for _, frame in self.queued[:taken])
        self.flying += self.queued[:taken]
        del self.queued[:taken]

    def delivered(self) -> None:
        """The kernel has what was in flight."""
        self.outbox.delivered()
        self.flying.clear()

    def drop(self) -> None:
        """The member is being closed: what the transport holds, it still holds."""
        self.outbox.drop()
        self.queued.clear()

    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.clock.tick(seconds)

    def check(self) -> None:
        """The bytes are counted rightly, and so is the age."""
        held = self.flying + self.queued
        assert self.outbox.statistics(self.clock.now) == OutboxStatistics(
            queued_frames=len(self.queued),
            queued_bytes=sum(len(frame) for _, frame in self.queued),
            in_flight_bytes=sum(len(frame) for _, frame in self.flying),
            oldest_age_s=self.clock.now - held[0][0] if held else 0.0,
            peak_bytes=self.peak,
        )
        assert self.outbox.free_bytes == MAX_BYTES - sum(len(frame) for _, frame in held)
        assert self.outbox.free_bytes >= 0


@settings(max_examples=300)
@given(st.sampled_from([MAX_AGE_S, None]), STEPS)
def test_any_life_is_accounted_for(max_age_s: float | None, steps: list[Any]) -> None:
    """Offer, take, deliver, drop and wait in any order: bytes, age, order and refusals are those of the model."""
    life = Life(max_age_s)
    for name, *arguments in steps:
        getattr(life, name)(*arguments)
        life.check()


@pytest.mark.parametrize(("size", "expected"), [(MAX_BYTES, Offer.ACCEPTED), (MAX_BYTES + 1, Offer.OVERFLOW)])
def test_the_last_byte_counts(size: int, expected: Offer) -> None:
    """The bound is exact, counted before the frame is taken in: defect 10 of the article counted after."""
    outbox = Outbox(MAX_BYTES, None)
    assert outbox.offer(b"x" * size, 0.0) is expected
    assert outbox.peak_bytes <= MAX_BYTES


def test_in_flight_bytes_count_until_they_are_delivered() -> None:
    """What the transport holds is still undelivered: moving bytes there makes no room."""
    outbox = Outbox(MAX_BYTES, None)
    outbox.offer(b"x" * MAX_BYTES, 0.0)
    outbox.take(MAX_BYTES)
    assert outbox.offer(b"y", 0.0) is Offer.OVERFLOW
    outbox.delivered()
    assert outbox.offer(b"y", 0.0) is Offer.ACCEPTED


@pytest.mark.parametrize(("seconds", "is_too_old"), [(MAX_AGE_S, False), (MAX_AGE_S + 0.001, True)])
def test_a_member_that_keeps_a_frame_waiting_is_too_slow(seconds: float, is_too_old: bool) -> None:
    """The oldest frame that the transport could not pass on counts, and the next offer says so."""
    clock = Clock()
    outbox = Outbox(MAX_BYTES, MAX_AGE_S)
    outbox.offer(b"old", clock.now)
    outbox.take(MAX_BYTES)
    assert outbox.too_old_at == clock.now + MAX_AGE_S
    clock.tick(seconds)
    assert outbox.is_too_old(clock.now) is is_too_old
    assert (outbox.offer(b"new", clock.now) is Offer.OVERFLOW) is is_too_old


def test_our_own_delay_is_not_the_members() -> None:
    """A frame that we have not tried to write yet, because the loop was blocked, makes no member slow."""
    clock = Clock()
    outbox = Outbox(MAX_BYTES, MAX_AGE_S)
    outbox.offer(b"old", clock.now)
    clock.tick(60)
    assert outbox.too_old_at is None
    assert outbox.offer(b"new", clock.now) is Offer.ACCEPTED


def test_age_restarts_with_the_oldest_frame_left() -> None:
    """After a delivery, the age is that of the frame now oldest."""
    clock = Clock()
    outbox = Outbox(MAX_BYTES, MAX_AGE_S)
    outbox.offer(b"first", clock.now)
    outbox.take(5)
    outbox.offer(b"second", clock.tick(4))
    outbox.delivered()
    outbox.take(6)
    assert outbox.statistics(clock.tick(1)).oldest_age_s == 1
    assert outbox.is_too_old(clock.tick(3)) is False
    assert outbox.is_too_old(clock.tick(2)) is True

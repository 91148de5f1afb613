"""Admission on a virtual clock: rates, slots, doors, and what those outside are told."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.rules.admission import (
    DEFAULT_WINDOW_MS,
    MAX_SLOTS,
    ClientCountTracker,
    ConnectionCounter,
    HandshakeLimiter,
    TokenBucket,
    drain_slots_ms,
    window_ms,
)
from labkit.rules.limits import Limits
from tests.clock import Clock

# When somebody knocks, in 64ths of a second after the one before: crowds and pauses.
ARRIVALS = st.lists(st.sampled_from([0, 0, 0, 0, 1, 5, 64, 300]), max_size=300)
RATES = st.sampled_from([1, 3, 10, 50])


@settings(max_examples=200)
@given(ARRIVALS, RATES, st.integers(1, 20))
def test_a_bucket_gives_its_rate_and_its_burst(arrivals: list[int], rate: int, burst: int) -> None:
    """Over any stretch of any arrivals: at most burst + rate x time; and nobody is refused who has waited for it."""
    clock = Clock(0.0)
    bucket = TokenBucket(rate, burst, clock.now)
    taken: list[float] = []
    for later in arrivals:
        clock.tick(later / 64)
        if bucket.take(clock.now):
            taken.append(clock.now)
    for first, since in enumerate(taken):
        for last in range(first, len(taken), 7):
            assert last - first + 1 <= burst + rate * (taken[last] - since) + 1e-6
    assert bucket.take(clock.tick(1 / rate + 1e-9))


@settings(max_examples=200)
@given(ARRIVALS, RATES)
def test_a_turnstile_admits_no_more_than_its_rate(arrivals: list[int], rate: int) -> None:
    """In any second, at most twice the rate: one burst saved up and the rate itself."""
    clock = Clock(0.0)
    turnstile = HandshakeLimiter(rate, clock.now)
    admitted: list[float] = []
    for later in arrivals:
        if turnstile.admit(clock.tick(later / 64)) is None:
            admitted.append(clock.now)
    for since in admitted:
        assert sum(since <= at < since + 1 for at in admitted) <= 2 * rate


@settings(max_examples=200)
@given(ARRIVALS, RATES)
def test_everybody_refused_has_a_slot_of_its_own(arrivals: list[int], rate: int) -> None:
    """Slots are at least a second away, and one apart from the other by the time one handshake takes."""
    clock = Clock(0.0)
    turnstile = HandshakeLimiter(rate, clock.now)
    slots: list[float] = []
    for later in arrivals:
        waits = turnstile.admit(clock.tick(later / 64))
        if waits is not None:
            assert waits >= 1000
            slots.append(clock.now + waits / 1000)
    assert all(later - earlier >= 1 / rate - 0.0011 for earlier, later in pairwise(slots))


def test_limiter_clients_respecting_slots_are_admitted_soon() -> None:
    """A thousand at once at a hundred a second: nobody knocks a third time, and the last is in after eleven seconds."""
    clock = Clock(0.0)
    turnstile = HandshakeLimiter(100, clock.now)
    waiting = [turnstile.admit(clock.now) for _ in range(1000)]
    slots = sorted(waits / 1000 for waits in waiting if waits is not None)
    assert len(slots) == 900
    for slot in slots:
        assert turnstile.admit(slot) is None
    assert slots[-1] <= 11


def test_limiter_ignored_slots_do_not_delay_other_clients() -> None:
    """However many knock again and again, the farthest slot is as far as a full house needs, and no farther."""
    turnstile = HandshakeLimiter(500, 0.0)
    waits = [turnstile.admit(0.0) or 0 for _ in range(5 * MAX_SLOTS)]
    assert max(waits) <= 1000 * (1 + MAX_SLOTS / 500) + 1
    assert waits.count(max(waits)) >= 4


def test_a_turnstile_that_is_off_admits_everybody() -> None:
    """`handshakes_per_s=off`."""
    turnstile = HandshakeLimiter(None, 0.0)
    assert {turnstile.admit(0.0) for _ in range(1000)} == {None}


def test_a_rate_below_one_still_admits() -> None:
    """One in ten seconds: the first at once, the second ten seconds later."""
    clock = Clock(0.0)
    turnstile = HandshakeLimiter(0.1, clock.now)
    assert turnstile.admit(clock.now) is None
    assert turnstile.admit(clock.now) == 11_000
    assert turnstile.admit(clock.tick(10.001)) is None


# ConnectionCounter


@settings(max_examples=200)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc")), max_size=80))
def test_doors_count_in_all_and_by_address(steps: list[tuple[bool, str]]) -> None:
    """Never more than five inside, nor more than three from one address; refused, nobody is counted."""
    doors = ConnectionCounter(Limits(connections=5, connections_per_address=3))
    inside: list[str] = []
    for enters, address in steps:
        if enters:
            fits = len(inside) < 5 and inside.count(address) < 3
            assert doors.enter(address) is fits
            inside += [address] * fits
        elif address in inside:
            doors.leave(address)
            inside.remove(address)
        assert doors.count == len(inside)


def test_doors_without_limits() -> None:
    """Both may be off."""
    doors = ConnectionCounter(Limits(connections=None, connections_per_address=None))
    assert all(doors.enter("a") for _ in range(20_000))


# What those outside are told


@pytest.mark.parametrize(
    ("connections", "rate", "expected"),
    [(1, 500, 4), (10_000, 500, 40_000), (0, 500, 0), (3, 0.5, 12_000), (10_000, None, DEFAULT_WINDOW_MS)],
)
def test_the_window_is_twice_what_the_rate_needs(connections: int, rate: float | None, expected: int) -> None:
    """2000 x connections / handshakes_per_s; 1000 without a rate."""
    assert window_ms(connections, rate) == expected


@given(st.lists(st.integers(0, 5000), max_size=200))
def test_client_count_change_on_doubling_and_halving(sizes: list[int]) -> None:
    """Neither later, nor for any smaller change."""
    crowd, told = ClientCountTracker(), 1
    for size in sizes:
        is_news = size >= 2 * told or 2 * size <= told
        assert crowd.changed(size) is is_news
        told = max(1, size) if is_news else told


def test_client_count_growth_rarely_counts_as_change() -> None:
    """Ten thousand come one by one: fourteen times is enough."""
    crowd = ClientCountTracker()
    assert sum(crowd.changed(size) for size in range(1, 10_001)) == 13


@given(st.integers(0, 500), st.sampled_from([None, 1, 50, 500.0]), st.integers())
def test_a_restart_gives_everybody_a_slot(clients: int, rate: float | None, seed: int) -> None:
    """As many slots as clients, each in its own stretch of time, in an order that says nothing."""
    slots = list(drain_slots_ms(clients, rate, Random(seed)))
    width = DEFAULT_WINDOW_MS / max(1, clients) if rate is None else 1000 / rate
    assert len(slots) == clients
    for place, slot in enumerate(sorted(slots)):
        assert int(place * width) <= slot <= (place + 1) * width


def test_the_order_of_the_slots_is_random() -> None:
    """Who came first has no earlier slot than who came last; a seed replays it."""
    first, again, other = (list(drain_slots_ms(100, 500, Random(seed))) for seed in (1, 1, 2))
    assert first == again != other
    assert first != sorted(first)

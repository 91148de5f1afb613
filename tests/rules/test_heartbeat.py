"""Heartbeats on a virtual clock: the living are never given up, the dead in time, the first pings spread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.rules.heartbeat import Beat, Heartbeat
from tests.clock import Clock

INTERVAL_S = 30.0
TIMEOUT_S = 10.0


def new(clock: Clock, fraction: float = 0.0) -> Heartbeat:
    """A heartbeat that begins now."""
    return Heartbeat(INTERVAL_S, TIMEOUT_S, clock.now, fraction)


def next_beat(heart: Heartbeat, clock: Clock) -> Beat:
    """What is due when the timer fires."""
    assert heart.next_at is not None
    clock.now = max(clock.now, heart.next_at)
    return heart.beat(clock.now)


@given(st.floats(0, 1))
def test_the_first_ping_is_in_the_second_half_of_the_interval(fraction: float) -> None:
    """Between half an interval and a whole one after the start, wherever the random point lies."""
    clock = Clock(0.0)
    heart = new(clock, fraction)
    assert heart.next_at is not None
    assert INTERVAL_S / 2 <= heart.next_at <= INTERVAL_S
    assert heart.beat(heart.next_at - 0.001) is Beat.WAIT
    assert heart.beat(heart.next_at) is Beat.PING


def test_simultaneous_connections_get_spread_pings() -> None:
    """The random point spreads the first pings evenly: no second holds more than a fifteenth of them, and a bit."""
    starts = [new(Clock(0.0), number / 1500).next_at or 0.0 for number in range(1500)]
    assert max(sum(second <= at < second + 1 for at in starts) for second in range(31)) <= 101


@given(st.lists(st.floats(0, TIMEOUT_S), min_size=1, max_size=50), st.floats(0, 1))
def test_a_healthy_idle_peer_is_never_given_up(round_trips: list[float], fraction: float) -> None:
    """Every pong within the timeout keeps the connection, one ping an interval, for as long as we look."""
    clock = Clock()
    heart = new(clock, fraction)
    for round_trip in round_trips:
        assert next_beat(heart, clock) is Beat.PING
        pinged_at = clock.now
        assert heart.pong(heart.payload, clock.tick(round_trip)) is True
        assert heart.round_trip_s == pytest.approx(round_trip, abs=1e-6)
        assert heart.next_at == pytest.approx(pinged_at + INTERVAL_S)


@given(st.lists(st.floats(0, TIMEOUT_S), max_size=5), st.floats(0, 1))
def test_a_peer_that_falls_silent_is_given_up_in_time(round_trips: list[float], fraction: float) -> None:
    """Within an interval and a timeout of its last sign of life, or of the start."""
    clock = Clock()
    heart = new(clock, fraction)
    last_sign = clock.now
    for round_trip in round_trips:
        next_beat(heart, clock)
        heart.pong(heart.payload, last_sign := clock.tick(round_trip))
    assert next_beat(heart, clock) is Beat.PING
    assert next_beat(heart, clock) is Beat.DEAD
    assert clock.now - last_sign <= INTERVAL_S + TIMEOUT_S + 1e-6


def test_one_miss_is_enough_and_final() -> None:
    """After DEAD it stays DEAD: no late pong brings a connection back that is being closed."""
    clock = Clock()
    heart = new(clock)
    assert next_beat(heart, clock) is Beat.PING
    clock.tick(TIMEOUT_S - 0.001)
    assert heart.beat(clock.now) is Beat.WAIT
    assert next_beat(heart, clock) is Beat.DEAD
    assert heart.pong(heart.payload, clock.now) is False
    assert heart.beat(clock.tick(100)) is Beat.DEAD


def test_late_pong_counts_until_the_peer_is_declared_dead() -> None:
    """When our own loop was blocked past the timeout and the pong is read first, the peer lives."""
    clock = Clock()
    heart = new(clock)
    next_beat(heart, clock)
    assert heart.pong(heart.payload, clock.tick(3 * INTERVAL_S)) is True
    assert heart.beat(clock.now) is Beat.PING


@pytest.mark.parametrize("payload", [b"", b"\x00" * 8, b"\x00" * 7 + b"\x02", b"\x00" * 7 + b"\x01" + b"\x00"])
def test_only_the_latest_ping_has_a_pong(payload: bytes) -> None:
    """An empty, an older, a later or a longer payload answers nothing, and keeps nobody alive."""
    clock = Clock()
    heart = new(clock)
    next_beat(heart, clock)
    assert heart.payload == b"\x00" * 7 + b"\x01"
    assert heart.pong(payload, clock.now) is False
    assert next_beat(heart, clock) is Beat.DEAD


def test_a_stale_pong_does_not_answer_the_next_ping() -> None:
    """The pong of the first ping, sent again, is not the pong of the second."""
    clock = Clock()
    heart = new(clock)
    next_beat(heart, clock)
    first = heart.payload
    heart.pong(first, clock.now)
    assert heart.pong(first, clock.now) is False  # nothing is open
    next_beat(heart, clock)
    assert heart.pong(first, clock.now) is False
    assert heart.pong(heart.payload, clock.now) is True


def test_a_ping_that_goes_out_late_has_its_whole_timeout() -> None:
    """A loop that was blocked pings when it can, and waits the full time from then."""
    clock = Clock()
    heart = new(clock)
    clock.tick(10 * INTERVAL_S)
    assert heart.beat(clock.now) is Beat.PING
    assert heart.next_at == clock.now + TIMEOUT_S


def test_a_slow_answer_is_followed_by_a_ping_at_once() -> None:
    """With a timeout longer than the interval, a round trip may outlast the interval: the next ping is due then."""
    clock = Clock()
    heart = Heartbeat(5.0, 60.0, clock.now, 1.0)
    next_beat(heart, clock)
    heart.pong(heart.payload, clock.tick(20))
    assert heart.beat(clock.now) is Beat.PING


def test_without_an_interval_there_is_no_heartbeat() -> None:
    """`ping_interval_s=off`."""
    heart = Heartbeat(None, TIMEOUT_S, 0.0, 0.5)
    assert heart.next_at is None
    assert heart.beat(1e9) is Beat.WAIT
    assert heart.pong(heart.payload, 1e9) is False

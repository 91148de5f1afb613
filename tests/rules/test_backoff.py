"""When a client comes back: never outside its bounds, never in a hot loop, and never after a code that says stop."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.rules.backoff import CAP_S, DEFAULT_WINDOW_S, LONGEST_WINDOW_S, NO_CONNECTION, Backoff
from labkit.rules.close_codes import TABLE, CloseCode, Then, Wait, row

RETRY = [code for code in TABLE if row(code).then is Then.RECONNECT]
WITH_WINDOW = [code for code in RETRY if row(code).wait is Wait.WINDOW]
STOP = [code for code in TABLE if row(code).then is Then.STOP]
ATTEMPTS = 10_000


def delays(backoff: Backoff, count: int, code: int = NO_CONNECTION, reason: str = "") -> list[float]:
    """The waits of so many closes in a row."""
    found = [backoff.delay(code, reason) for _ in range(count)]
    assert None not in found
    return [wait for wait in found if wait is not None]


@pytest.mark.parametrize("code", WITH_WINDOW)
@pytest.mark.parametrize("window_ms", [0, 4, 1000, 5000, 40_000])
def test_ten_thousand_attempts_stay_inside_their_windows(code: int, window_ms: int) -> None:
    """First the server's window, then 1, 2, 4 ... 30 s but never less than that window, for an outage of days."""
    backoff = Backoff(Random(code))
    backoff.told(window_ms)
    first = window_ms / 1000
    for attempt, wait in enumerate(delays(backoff, ATTEMPTS, code)):
        doubled = 2 ** (attempt - 1) if attempt else first
        assert 0 <= wait <= max(first, min(CAP_S, doubled))


def test_the_jitter_is_full_and_stays_full() -> None:
    """At the cap the delays still fill the whole window: no tenth of it holds more than a fair share, and a bit."""
    waits = delays(Backoff(Random(1)), ATTEMPTS)[10:]
    tenths = [sum(part * 3 <= wait < (part + 1) * 3 for wait in waits) for part in range(10)]
    assert min(tenths) > 850
    assert max(tenths) < 1150


@pytest.mark.parametrize("code", RETRY)
@pytest.mark.parametrize("reason", ["", "retry=0", "busy retry=1", "x"])
def test_no_code_makes_a_hot_loop(code: int, reason: str) -> None:
    """Whatever a server closes with, over and over, a hundred tries take a quarter of an hour at the least."""
    backoff = Backoff(Random(2))
    backoff.told(0)
    assert sum(delays(backoff, 100, code, reason)) > 900


@pytest.mark.parametrize("code", [*STOP, 4400, 4499])
def test_stop_code_gives_no_delay(code: int) -> None:
    """No delay, with or without a slot, and however often it is asked."""
    backoff = Backoff(Random(3))
    assert [backoff.delay(code, reason) for reason in ("", "retry=5", "busy retry=8200")] == [None] * 3


@pytest.mark.parametrize("code", [CloseCode.RESTART, CloseCode.RATE_LIMITED])
@pytest.mark.parametrize("slot_ms", [0, 1, 999, 8200, 999_999_999])
def test_a_slot_is_kept_to(code: CloseCode, slot_ms: int) -> None:
    """The first time, exactly; the server has spread the slots, and the client adds nothing."""
    assert Backoff(Random(4)).delay(code, f"restart retry={slot_ms}") == slot_ms / 1000


@given(st.integers(0, 10_000), st.integers(0, 20), st.integers())
def test_a_later_slot_is_never_undercut(slot_ms: int, failures: int, seed: int) -> None:
    """After failures a client may come later than its slot, never earlier, and by no more than its window."""
    backoff = Backoff(Random(seed))
    delays(backoff, failures)
    wait = backoff.delay(CloseCode.RESTART, f"retry={slot_ms}")
    assert wait is not None
    assert slot_ms / 1000 <= wait <= max(slot_ms / 1000, CAP_S)


@pytest.mark.parametrize(
    ("reason", "least", "most"),
    [
        ("slow", 1, 1 + DEFAULT_WINDOW_S),
        ("busy retry=0", 1, 1),
        ("busy retry=400", 1.4, 1.4),
        ("busy retry=1000", 1, 1),
        ("busy retry=8200", 8.2, 8.2),
    ],
)
def test_after_1013_at_least_a_second_later(reason: str, least: float, most: float) -> None:
    """A slow consumer and a refused handshake wait a second at the least."""
    for seed in range(50):
        wait = Backoff(Random(seed)).delay(CloseCode.TRY_LATER, reason)
        assert wait is not None
        assert least <= wait <= most


def test_a_window_code_does_not_read_a_slot() -> None:
    """Only the codes whose row says so carry one."""
    wait = Backoff(Random(5)).delay(CloseCode.GOING_AWAY, "going away retry=8200")
    assert wait is not None
    assert wait <= DEFAULT_WINDOW_S


def test_only_a_proved_connection_starts_over() -> None:
    """Accepted and closed again and again, the windows grow all the same; `proved` brings the first one back."""
    backoff = Backoff(Random(6))
    backoff.told(100)
    delays(backoff, 50)
    backoff.told(100)  # a new auth_ok alone proves nothing
    assert max(delays(backoff, 50)) > 1
    backoff.proved()
    assert delays(backoff, 1)[0] <= 0.1


@pytest.mark.parametrize(
    ("told_ms", "window_s"),
    [(5000, 5), (0, 0), (-5, 0), (float("nan"), 0), (1e18, LONGEST_WINDOW_S), (float("inf"), LONGEST_WINDOW_S)],
)
def test_a_window_that_makes_no_sense_is_cut(told_ms: float, window_s: float) -> None:
    """A server may be wrong, or not ours: the client waits neither less than nothing nor for ever."""
    backoff = Backoff(Random(7))
    backoff.told(told_ms)
    assert backoff.window_s == window_s


def test_a_seed_replays_every_delay() -> None:
    """The same seed, the same life."""
    lives = [delays(Backoff(Random(8)), 100) for _ in range(2)]
    assert lives[0] == lives[1]
    assert delays(Backoff(Random(9)), 100) != lives[0]

"""The brake on guessing codes: what strangers ask in between neither loosens it nor fills memory."""

import pytest

from labkit.wire.http import users
from labkit.wire.http.users import GuessLimiter, TooManyGuesses


def guesses(limiter: GuessLimiter, name: str, address: str, most: int = 100) -> int:
    """How many wrong codes are looked at before the brake holds, all in one moment."""
    for looked_at in range(most):
        try:
            limiter.check(name, address, 0.0)
        except TooManyGuesses:
            return looked_at
        limiter.wrong(name, address, 0.0)
    return most


def test_requests_that_are_refused_loosen_no_brake() -> None:
    """Five guesses of a name and thirty from an address, however many other names are asked for in between."""
    limiter = GuessLimiter()
    assert guesses(limiter, "ada", "10.0.0.1") == 5
    looked_at = sum(guesses(limiter, f"nobody-{number}", "10.0.0.1", most=1) for number in range(20_002))
    assert looked_at == 30 - 5
    assert guesses(limiter, "ada", "10.0.0.2") == 0
    assert len(limiter._buckets) < 40


def test_limiter_drops_the_least_recently_used_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not all of them: who guesses on is braked on."""
    monkeypatch.setattr(users, "MAX_BUCKETS", 20)
    limiter = GuessLimiter()
    guesses(limiter, "eve", "10.0.0.9")
    for number in range(30):
        guesses(limiter, f"nobody-{number}", f"10.0.1.{number}", most=1)
        assert guesses(limiter, "ada", "10.0.0.1", most=6) <= 5
        limiter.wrong("ada", "10.0.0.1", 0.0)
    assert len(limiter._buckets) == 20
    assert guesses(limiter, "ada", "10.0.0.2") == 0
    assert guesses(limiter, "eve", "10.0.0.2") == 5


def test_overlong_name_gets_no_bucket() -> None:
    """Kilobytes of it would be, for each of ten thousand; the address is braked all the same."""
    limiter = GuessLimiter()
    assert guesses(limiter, "x" * 5_900, "10.0.0.1") == 30
    assert sum(map(len, limiter._buckets)) < 100

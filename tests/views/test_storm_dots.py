"""A storm as dots: what a dot shows, which moments stay, and what the browser gets."""

from array import array
from dataclasses import replace
from math import inf

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib.colors import to_rgb

import labkit
from labkit.bench.storm.run import Storms
from labkit.bench.storm.tally import MOST_DOTS, StormResult
from labkit.views import storm_dots
from labkit.views.storm import color_of
from labkit.views.storm_dots import AWAY, CONNECTING, YOURS, StormDots, colors_at, shares

CROWD = {"clients": 2000, "handshakes_per_s": 200}


@pytest.fixture(scope="module")
def storms() -> Storms:
    return labkit.storm(policy=["article", "ours"], **CROWD)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def few() -> StormResult:
    """Three clients: the first is back at 1 s, the second tries at 2 s and is back at 2.05 s, the third never tries."""
    storm = labkit.storm(policy="ours", clients=3)["ours"]
    return replace(storm, tries=((1.0, 0), (2.0, 1)), back_at=(1.0, 2.05, None), arrivals=(), let_in=())


def color(name: str) -> list[float]:
    return list(to_rgb(name))


def test_dot_is_away_then_connecting_then_back(few: StormResult) -> None:
    seen = [[list(colors_at(few, at)[0][number]) for number in (0, 1)] for at in (0.5, 2.02, 3.0)]
    back = color(color_of("ours"))
    assert seen == [[color(AWAY), color(AWAY)], [back, color(CONNECTING)], [back, back]]


def test_square_is_filled_up_in_white(few: StormResult) -> None:
    square = colors_at(few, 9.0)
    assert [len(row) for row in square] == [2, 2]
    assert [list(one) for one in square[1]] == [color(AWAY), [1, 1, 1]]


def test_try_is_connecting_for_a_tenth_of_a_second(few: StormResult) -> None:
    late = replace(few, back_at=(None, None, None))
    assert [shares(late, at) for at in (1.99, 2.0, 2.09, 2.11)] == [(0, 0), (0, 1), (0, 1), (0, 0)]


def test_result_keeps_each_try_and_each_return(storms: Storms) -> None:
    for result in storms:
        assert len(result.tries) == sum(result.arrivals)
        assert list(result.tries) == sorted(result.tries)
        assert {number for _, number in result.tries} == set(range(2000))
        assert sum(at is not None for at in result.back_at) == result.back == 2000
        first = {number: at for at, number in reversed(result.tries)}
        assert all(at is not None and first[number] <= at for number, at in enumerate(result.back_at))


def test_real_storm_keeps_them_too() -> None:
    result = labkit.storm(policy="ours", clients=20, handshakes_per_s=100, mode="real")["ours"]
    assert len(result.tries) == sum(result.arrivals) >= 20
    assert sum(at is not None for at in result.back_at) == 20


def test_moments_run_from_drop_to_end(storms: Storms) -> None:
    dots = StormDots(storms)
    first, last = dots.moments[0], dots.moments[-1]
    assert first == 0.0
    assert 3 <= len(dots.moments) <= 5
    assert [shares(each, first).back for each in storms] == [0, 0]
    assert [shares(each, last) for each in storms] == [(2000, 0), (2000, 0)]
    worst = storms["article"]
    assert max(shares(worst, at).connecting for at in dots.moments) > 0.5 * worst.peak_100ms


def test_storm_that_fails_ends_at_its_last_try() -> None:
    dead = labkit.storm(policy="fixed", clients=200, hash_ms=8, stands_for=10_000, seconds=20)
    last = StormDots(dead).moments[-1]
    assert last == pytest.approx(dead["fixed"].tries[-1][0], abs=0.11)
    assert shares(dead["fixed"], last).back < 200


def test_text_says_what_strip_shows(storms: Storms) -> None:
    dots = StormDots(storms, "ours")
    assert len(dots.text().splitlines()) == len(dots.moments) == len(dots.figure().axes)
    assert "ours at 0 s: 0 of 2,000 back, 0 connecting" in dots.text()
    assert [ax.get_xlabel().split("\n")[0] for ax in dots.figure().axes][-1] == "2,000 back"


def test_own_function_has_a_color_that_no_policy_has() -> None:
    def mine(tries: int, window_s: float, rng: object) -> float:
        return 1.0

    result = labkit.storm(policy=mine, clients=4)["mine"]
    assert list(colors_at(result, inf)[0][0]) == color(YOURS)


@pytest.mark.parametrize("wrong", ["article", "other"])
def test_unknown_policy_is_named(storms: Storms, wrong: str) -> None:
    with pytest.raises(ValueError, match=f"no storm with the policy '{wrong}'; there are ours"):
        StormDots(Storms((storms["ours"],)), wrong)


def test_crowd_that_is_too_large_is_refused() -> None:
    crowd = labkit.storm(policy="ours", clients=MOST_DOTS + 1, handshakes_per_s=None)
    with pytest.raises(ValueError, match="at most 20,000 clients"):
        StormDots(crowd)


def test_browser_gets_every_try(storms: Storms) -> None:
    back_at, tried_at, tried_by = (array("f", data) for data in StormDots(storms, "article")._buffers())
    result = storms["article"]
    assert list(back_at) == pytest.approx([at if at is not None else inf for at in result.back_at])
    assert list(tried_at) == pytest.approx([at for at, _ in result.tries])
    assert list(tried_by) == [number for _, number in result.tries]


async def test_without_a_browser_strip_comes_at_once(storms: Storms, monkeypatch: pytest.MonkeyPatch) -> None:
    InteractiveShell.instance()
    monkeypatch.setattr(storm_dots, "ANSWER_S", 0.05)
    with capture_output() as captured:
        await StormDots(storms).live(seconds=600)
    *_, last = captured.outputs
    assert set(last.data) == {"image/png", "text/plain"}
    assert last.data["text/plain"] == "<dots of 2000 clients: article, ours>"

"""How a probe or a check ends, and when it runs again."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from labkit.evidence import CannotTell, NotHeld, NotSeen, Outcome, broken, held, running, unknown
from labkit.evidence.running import MOST_RUNS, outcome_of, run_in_time
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (NotHeld("too late", "a cause"), broken("too late", "a cause")),
        (ConnectionEnded(1006, ""), broken("the connection ended with 1006")),
        (ReceiveTimeout("no pong"), broken("no pong")),
        (CannotTell("needs --pid"), unknown("needs --pid")),
        (NotSeen("the time limit came first"), unknown("the time limit came first")),
        (TimeoutError(), unknown("not finished after 5 s")),
        (KeyError("text"), unknown("cannot judge what it received: KeyError: 'text'")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_exception_becomes_an_outcome(error: Exception, outcome: Outcome) -> None:
    assert asyncio.run(outcome_of(_raising(error), None, 5)) == outcome


def test_caller_decides_what_a_refusal_means_and_what_is_raised() -> None:
    assert asyncio.run(outcome_of(_raising(CannotTell("refused")), None, 5, refused=broken)) == broken("refused")
    assert asyncio.run(outcome_of(_raising(NotSeen("late")), None, 5, refused=broken)) == unknown("late")
    with pytest.raises(OSError, match="no files"):
        asyncio.run(outcome_of(_raising(OSError("no files")), None, 5, is_raised=lambda _: True))


def test_run_without_end_is_unknown() -> None:
    assert asyncio.run(outcome_of(lambda _: asyncio.sleep(60), None, 0.01)) == unknown("not finished after 0.01 s")


@pytest.mark.parametrize(
    ("late_s", "right_from", "runs"),
    [(0.0, 9, 1), (1.0, 0, 1), (1.0, 2, 3), (1.0, 99, MOST_RUNS)],
    ids=["a fault in time", "no fault", "a fault that goes away", "late each time"],
)
def test_fault_during_lag_runs_again(
    late_s: float, right_from: int, runs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "PAUSE_S", 0)
    seen: list[int] = []

    async def run(turn: int) -> Outcome:
        seen.append(turn)
        return held("") if turn >= right_from else broken("")

    outcome = asyncio.run(run_in_time(run, lambda _: late_s, 0.5))
    assert seen == list(range(runs))
    assert outcome.verdict == ("held" if runs > right_from else "broken")


def _raising(error: Exception) -> Callable[[Any], Any]:
    async def run(_scene: Any) -> Outcome:
        raise error

    return run

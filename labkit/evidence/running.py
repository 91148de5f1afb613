"""Run a probe or a check: each exception becomes an outcome, and a fault seen on a busy machine is looked at again."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Protocol, TypeVar

from labkit.evidence.outcome import CannotTell, NotHeld, NotSeen, Outcome, Verdict, broken, unknown

MOST_RUNS = 5  # of one probe or check, if this machine lagged each time
PAUSE_S = 0.5
Run = Callable[[Any], Awaitable[Outcome]]


class Judged(Protocol):
    """What has a verdict: an outcome, or what is made of it."""

    @property
    def verdict(self) -> Verdict:
        """The verdict."""
        ...


AnyJudged = TypeVar("AnyJudged", bound=Judged)


async def outcome_of(
    run: Run,
    scene: Any,
    limit_s: float,
    *,
    refused: Callable[[str], Outcome] = unknown,
    is_raised: Callable[[Exception], object] = lambda _: False,
) -> Outcome:
    """Run a probe or a check. `refused` makes the outcome of a CannotTell; `is_raised`: errors to raise again."""
    try:
        async with asyncio.timeout(limit_s):
            return await run(scene)
    except Exception as error:  # what is judged may send anything; the others still run
        if is_raised(error):
            raise
        return _outcome_of_error(error, limit_s, refused)


def _outcome_of_error(error: Exception, limit_s: float, refused: Callable[[str], Outcome]) -> Outcome:
    match error:
        case NotHeld():
            return broken(str(error), error.cause)
        case NotSeen():
            return unknown(str(error))
        case CannotTell():
            return refused(str(error))
        case TimeoutError():
            return unknown(not_finished(limit_s))
    return unknown(f"cannot judge what it received: {type(error).__name__}: {error}")


def not_finished(limit_s: float) -> str:
    """Return what the outcome of a run that took too long says."""
    return f"not finished after {limit_s:g} s"


async def run_in_time(
    run: Callable[[int], Awaitable[AnyJudged]], late_since: Callable[[float], float], late_s: float
) -> AnyJudged:
    """Run something, given the number of runs before; run it again if it did not hold while this machine lagged."""
    for turn in range(MOST_RUNS):
        if turn:
            await asyncio.sleep(PAUSE_S * (turn - 1))  # until whatever keeps the machine busy may have passed
        began = monotonic()
        judged = await run(turn)
        if judged.verdict == "held" or late_since(began) < late_s:
            break
    return judged

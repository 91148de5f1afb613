"""`labkit.check`: judge the answer in a cell, show the result, and record it in the learner's progress.

    check("02-auth", handler)

Each hint has three steps; the second and third appear when the same check fails again. Under nbgrader, where a cell
passes unless it raises, an answer that does not pass raises `NotPassed`, and nothing is recorded.
"""

import asyncio
import os
from dataclasses import replace
from typing import Any

from labkit.course import failed, passed
from labkit.course.exercise import Exercise
from labkit.course.exercises import exercise
from labkit.course.judging import DEFAULT_SEED, judge, not_done
from labkit.course.progress import NoHome, Progress, Record, Status
from labkit.course.result import NOT_STARTED, Result
from labkit.course.running.shortage import shortage
from labkit.course.source import Answer, NoSource, of_object
from labkit.wire import background

LONGEST_S = 120.0


class NotPassed(AssertionError):
    """Raised under nbgrader if the answer does not pass; the message says why."""


def check(exercise_id: str, answer: Any, *, seed: int = DEFAULT_SEED) -> Result:
    """Judge the answer that a cell defines. An interrupt ends it at once.

    Raises NoExercise if the id is unknown, and NoSource if the source of the answer cannot be found.
    """
    asked = exercise(exercise_id)
    result = checked(asked, of_object(answer, asked.answer), seed)
    if os.environ.get("NBGRADER_EXECUTION") and result.verdict != "pass":
        raise NotPassed(str(result))
    return result


def checked(asked: Exercise, answer: Answer, seed: int = DEFAULT_SEED, progress: Progress | None = None) -> Result:
    """Judge an answer's source, record the result, and return it with the hint step to show."""
    result = _judged(asked, answer, seed)
    if os.environ.get("NBGRADER_EXECUTION"):
        return result
    return noted(result, progress, answer, seed)


def _judged(asked: Exercise, answer: Answer, seed: int) -> Result:
    try:
        background.loop()  # starts its thread
    except RuntimeError as error:
        if why := shortage(error):
            return not_done(asked, why)
        raise
    return background.run(_judged_in_time(asked, answer, seed))


async def _judged_in_time(asked: Exercise, answer: Answer, seed: int) -> Result:
    """Judge within a time limit. The limit is inside the event loop, so every process has ended when this returns."""
    try:
        async with asyncio.timeout(LONGEST_S):
            return await judge(asked, answer.source, name=answer.name, seed=seed)
    except TimeoutError:
        return not_done(asked, f"not judged after {LONGEST_S:g} s", LONGEST_S)


def noted(
    result: Result, progress: Progress | None = None, answer: Answer | None = None, seed: int = DEFAULT_SEED
) -> Result:
    """Record a result in the learner's progress, and keep an answer that passed, or the newest one that failed.

    Return it with the hint step to show, or with the reason it was not recorded.
    """
    first = result.first_failed
    status: Status = "started" if result.state == NOT_STARTED else result.verdict
    try:
        progress = progress or Progress()
        earlier = [record for record in progress.records() if record["exercise"] == result.exercise.id]
        if status != "started" or not earlier:
            record = progress.add(result.exercise.id, status, first.id if first else None)
            if answer is not None:
                _keep(progress, record, result, answer, seed)
    except NoHome as error:
        return replace(result, unrecorded=str(error))
    return replace(result, step=min(len(result.hints), 1 + _failures_in_a_row(earlier, first.id))) if first else result


def _keep(progress: Progress, record: Record, result: Result, answer: Answer, seed: int) -> None:
    if record["status"] == "pass":
        passed.keep(progress, record["n"], result.exercise.id, answer)
        failed.forget(progress, result.exercise.id)
    elif record["status"] == "fail":
        failed.keep(progress, result, answer, seed)


def _failures_in_a_row(records: list[Record], check_id: str) -> int:
    """Return how many times in a row, up to now, this check was the first to fail."""
    count = 0
    for record in reversed(records):
        if record["status"] in ("help", "started"):  # raising or lowering a hand is not an attempt
            continue
        if record["check"] != check_id:
            break
        count += 1
    return count


__all__ = ["NoSource", "NotPassed", "check", "checked", "noted"]

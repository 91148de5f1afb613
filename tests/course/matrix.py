"""The kill matrix: judge every known answer, and report each result that is not the expected one."""

import asyncio
import os
from collections.abc import Iterable

from labkit.course.exercises import exercise
from labkit.course.judging import judge
from labkit.course.result import Result
from tests.course.answers import Known

AT_ONCE = 6


async def judgements(programs: Iterable[tuple[str, str]], seed: int = 1) -> list[Result]:
    """Judge programs, each given with the id of its exercise; several at a time."""
    turns = asyncio.Semaphore(int(os.environ.get("LABKIT_MATRIX_AT_ONCE", AT_ONCE)))

    async def one(name: str, source: str) -> Result:
        async with turns:
            return await judge(exercise(name), source, seed=seed)

    return list(await asyncio.gather(*(one(*program) for program in programs)))


async def results(answers: Iterable[Known], seed: int = 1) -> list[tuple[Known, Result]]:
    """Judge known answers, and return each with its result."""
    answers = list(answers)
    return list(zip(answers, await judgements(((one.exercise, one.source) for one in answers), seed)))


def faults(judged: Iterable[tuple[Known, Result]]) -> list[str]:
    """Return each result that is not the expected one, in one line."""
    return [f"{answer.name}: {fault}" for answer, result in judged if (fault := _fault(answer, result))]


def _fault(answer: Known, result: Result) -> str:
    failing = {
        check.id: f"{check.id} ({check.actual}) [{check.misconception}]" for check in result if check.verdict == "fail"
    }
    if answer.is_right:
        others = [f"{check.id} ({check.actual})" for check in result if check.verdict != "pass"]
        return f"is right, and {', '.join(others)}" if others else ""
    first = result.first_failed
    if first is None:
        return f"is wrong, and {result.verdict}"
    if answer.caught_by is None:
        return ""
    if set(failing) != answer.failing:
        return f"must fail {sorted(answer.failing)}, and fails {list(failing.values())}"
    if first.id != answer.caught_by:
        return f"must be caught by {answer.caught_by} first, and is by {first.id}"
    if first.misconception != answer.misconception:
        return f"must name {answer.misconception}, and names {first.misconception} ({first.actual})"
    return "" if result.hint and result.why else "gets no hint"

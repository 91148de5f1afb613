"""Judge each claim of a class again, here, with seeds that no student knows, and store a verdict.

    async for claim, verdict in verify(path, "physics"):
        ...

A claim is not verified if no answer came with it, if the answer is for another exercise, if it is a copy of an
earlier student's answer or of our solution, or if it fails here. An answer that cannot be judged now has no verdict,
and is judged again next time. Each answer is judged with three seeds, because a single seed can miss a flaw that only
some networks and some messages show.
"""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from labkit.classroom.grading.claims import Claim, claims
from labkit.classroom.grading.verdicts import Standing, Verdict, Verdicts
from labkit.course.exercise import Exercise
from labkit.course.exercises import exercises
from labkit.course.judging import judge
from labkit.course.paths import original
from labkit.course.solutions import solution
from labkit.course.source import NoSource, of_file

SEEDS = 3
LEAST_LINES = 8  # lines of the student's own; shorter answers are the same by chance
NO_ANSWER = "no answer came with this pass; ask the student to join with graded=True and check again"
UNDECIDED = "undecided"


async def verify(path: Path, class_id: str) -> AsyncIterator[tuple[Claim, Verdict | None]]:
    """Yield each claim without a verdict, with its new verdict; None if it cannot be judged now. Raises AuditError."""
    verdicts, every = Verdicts(path), claims(path, class_id)
    judged = verdicts.judged()
    for at, claim in enumerate(every):
        if (claim.student, claim.request) not in judged and claim.exercise in exercises():
            verdict, seed = _refused(claim, every[:at]), None
            if verdict is None:
                verdict, seed = await _judged(claim)
            if verdict is not None:
                verdicts.add(claim, *verdict, seed=seed)
            yield claim, verdict


def accept(path: Path, class_id: str, student: str, exercise: str) -> int:
    """Verify a student's passes of an exercise by hand; return how many there are. Raises AuditError."""
    verdicts = Verdicts(path)
    found = [one for one in claims(path, class_id) if (one.student, one.exercise) == (student, exercise)]
    for claim in found:
        verdicts.add(claim, "verified", "accepted by the instructor")
    return len(found)


def _refused(claim: Claim, earlier: list[Claim]) -> Verdict | None:
    """Return why a claim cannot be verified whatever its answer does, or None."""
    if claim.answer is None:
        return Verdict("not verified", NO_ANSWER)
    if claim.answer["exercise"] != claim.exercise:
        return Verdict("not verified", f"its answer is for {claim.answer['exercise'][:100]}")
    lines = _own_lines(claim.answer["source"], exercises()[claim.exercise])
    if len(lines) < LEAST_LINES:
        return None
    if lines == _own_lines(_solution(exercises()[claim.exercise]), exercises()[claim.exercise]):
        return Verdict("not verified", "the answer is a copy of our solution")
    for other in earlier:
        is_other = other.student != claim.student and other.exercise == claim.exercise and other.answer is not None
        if is_other and other.answer and _own_lines(other.answer["source"], exercises()[claim.exercise]) == lines:
            return Verdict("not verified", f"the answer is a copy of {other.student}'s")
    return None


def _own_lines(source: str, exercise: Exercise) -> list[str]:
    """Return the lines that the exercise did not give, without their indentation, comments and empty lines."""
    given = set(_lines(_text(original() / "exercises" / f"{exercise.id}.ipynb", exercise)))
    return [line for line in _lines(source) if line not in given]


def _lines(source: str) -> list[str]:
    stripped = (line.strip() for line in source.splitlines())
    return [line for line in stripped if line and not line.startswith("#")]


def _solution(exercise: Exercise) -> str:
    return solution(exercise) or ""


def _text(path: Path, exercise: Exercise) -> str:
    try:
        return of_file(path, exercise.answer).source
    except NoSource:  # not installed
        return ""


async def _judged(claim: Claim) -> tuple[Verdict | None, int]:
    """Judge an answer with each of the seeds; return the verdict and the seed that decided it.

    One fail is enough to be not verified. Without one, every seed must pass, or there is no verdict yet.
    """
    assert claim.answer is not None
    exercise, is_undecided, seed = exercises()[claim.exercise], False, 0
    for _ in range(SEEDS):
        seed = secrets.randbelow(2**31)
        result = await judge(exercise, claim.answer["source"], name=claim.answer["name"], seed=seed)
        if failed := result.first_failed:
            why = f"judged again here, it fails {failed.id}: {failed.actual} (seed {seed})"
            return Verdict("not verified", why), seed
        is_undecided = is_undecided or result.verdict != "pass"
    return None if is_undecided else Verdict("verified", ""), seed


__all__ = ["Standing", "accept", "verify"]

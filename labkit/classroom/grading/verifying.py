"""Judge each claim of a class again, here, with a seed that no student knows, and store a verdict.

    async for claim, verdict in verify(path, "physics"):
        ...

A claim is not verified if no answer came with it, if the answer is for another exercise, if it is an exact copy of an
earlier student's answer or of our solution, or if it fails here. An answer that cannot be judged now has no verdict,
and is judged again next time.
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

LEAST_LINES = 8  # lines of the student's own; shorter answers are the same by chance
NO_ANSWER = "no answer came with this pass; ask the student to join with graded=True and check again"
UNDECIDED = "undecided"


async def verify(path: Path, class_id: str) -> AsyncIterator[tuple[Claim, Verdict | None]]:
    """Yield each claim without a verdict, with its new verdict; None if it cannot be judged now. Raises AuditError."""
    verdicts, every = Verdicts(path), claims(path, class_id)
    judged = verdicts.judged()
    for at, claim in enumerate(every):
        if (claim.student, claim.request) not in judged and claim.exercise in exercises():
            seed = secrets.randbelow(2**31)
            verdict = _refused(claim, every[:at]) or await _judged(claim, seed)
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
        return Verdict("not verified", "the answer is an exact copy of our solution")
    for other in earlier:
        is_other = other.student != claim.student and other.exercise == claim.exercise and other.answer is not None
        if is_other and other.answer and _own_lines(other.answer["source"], exercises()[claim.exercise]) == lines:
            return Verdict("not verified", f"the answer is an exact copy of {other.student}'s")
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


async def _judged(claim: Claim, seed: int) -> Verdict | None:
    assert claim.answer is not None
    exercise = exercises()[claim.exercise]
    result = await judge(exercise, claim.answer["source"], name=claim.answer["name"], seed=seed)
    if result.verdict == "pass":
        return Verdict("verified", "")
    failed = result.first_failed
    if failed is None:
        return None
    return Verdict("not verified", f"judged again here, it fails {failed.id}: {failed.actual}")


__all__ = ["Standing", "accept", "verify"]

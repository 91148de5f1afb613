"""`labkit.check`: run the course's check, and report the result to the class that this working copy has joined."""

from typing import Any

from labkit.classroom.joining import start
from labkit.course import checking
from labkit.course.judging import DEFAULT_SEED
from labkit.course.result import Result


def check(exercise_id: str, answer: Any, *, seed: int = DEFAULT_SEED) -> Result:
    """Check the answer in a cell; see labkit.course.checking.check.

    Reports to the class only after `classroom.join`.
    """
    start()
    return checking.check(exercise_id, answer, seed=seed)

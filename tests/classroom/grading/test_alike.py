"""Programs that are alike after names and layout are normalised."""

from labkit.classroom.grading.alike import alike, normalised
from labkit.classroom.grading.claims import Claim
from labkit.course.passed import Passed

PROGRAM = """
class Outbox:
    def __init__(self, limit):
        self._limit, self._held = limit, []

    def put(self, message):
        # one of ours
        if len(self._held) >= self._limit:
            raise OverflowError(len(message))
        self._held.append(message)
"""
RENAMED = '''
class Box:
    """Holds messages."""
    def __init__(self, most):
        self._limit, self._held = most, []
    def put(self, text):
        if len(self._held) >= self._limit: raise OverflowError(len(text))
        self._held.append(text)
'''


def claim(student: str, source: str | None, exercise: str = "06-outbox") -> Claim:
    answer = None if source is None else Passed(exercise=exercise, name="Outbox", source=source)
    return Claim(student, exercise, f"{student}-1", answer)


def test_same_program_under_other_names_is_alike() -> None:
    claims = [
        claim("ana", PROGRAM),
        claim("ben", RENAMED),
        claim("cleo", PROGRAM.replace(">=", ">")),
        claim("dan", None),
    ]
    assert alike(claims) == [("06-outbox", ("ana", "ben"))]


def test_same_student_twice_is_not_alike() -> None:
    assert alike([claim("ana", PROGRAM), claim("ana", RENAMED)]) == []


def test_exercises_are_apart() -> None:
    assert alike([claim("ana", PROGRAM), claim("ben", PROGRAM, "05-silence")]) == []


def test_program_short_or_broken_is_like_nothing() -> None:
    for source in ("def f(x):\n    return x + 1\n", "def f(:", "(" * 5000, "\0"):
        assert normalised(source) is None
    assert normalised(PROGRAM) == normalised(RENAMED)
    assert normalised(PROGRAM) != normalised(PROGRAM.replace("len", "sum"))  # a builtin keeps its name

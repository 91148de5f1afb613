"""`classroom.catch_up`: fill a working copy's exercises up to where the class is, and keep what the learner wrote."""

from dataclasses import dataclass

from labkit.classroom.membership import Membership, NotAdmitted, membership
from labkit.classroom.solutions import NotGiven, cell_from_class, here_of_class
from labkit.course.exercise import Exercise
from labkit.course.exercises import exercises
from labkit.course.learner_files import fill, has_passed
from labkit.course.progress import Progress
from labkit.platform.os_errors import describe

NO_CLASS = "this working copy is in no class; classroom.join(url, name=...) joins one"
NO_PLACE = "your instructor has not set an exercise to catch up to"
NO_PASS = "These do not count as passed: to pass one, write your own answer and check it."
REOPEN = "If one of these notebooks is open, close it and open it again."


@dataclass(frozen=True)
class CaughtUp:
    """What was done, as lines of text."""

    lines: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join(self.lines)


def catch_up(*ids: str) -> CaughtUp:
    """Fill each exercise that the class has done and this learner has not passed; with `ids`, only these.

    Exercises that passed stay as they are. Raises NoHome.
    """
    member = membership()
    if member is None:
        return CaughtUp((NO_CLASS,))
    try:
        reached = here_of_class(member)
        missing = [one for one in ids if one not in reached]
        if not reached or missing:
            why = f"; {', '.join(missing)} is not one of {', '.join(reached)}" if reached else ""
            return CaughtUp((NO_PLACE + why,))
        done = [_filled(member, exercises()[one]) for one in reached if (one in ids or not ids) and one in exercises()]
    except (NotGiven, NotAdmitted) as error:
        return CaughtUp((str(error),))
    except OSError as error:
        return CaughtUp((f"could not catch up: {describe(error)}; try again",))
    has_filled = any("is now in" in line for line in done)
    return CaughtUp((*done, REOPEN, NO_PASS) if has_filled else tuple(done))


def _filled(member: Membership, asked: Exercise) -> str:
    """Fill one exercise, and return a line that says what was done."""
    if has_passed(asked, Progress().records()):
        return f"{asked.id}: you have passed it, so it stays as it is"
    path, kept = fill(asked, cell_from_class(member, asked.id))
    beside = f"; yours is kept in {kept}" if kept else ""
    return f"{asked.id}: our solution is now in {path}{beside}"

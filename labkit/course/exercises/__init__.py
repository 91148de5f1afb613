"""The exercises, one module each: every module here that defines EXERCISE is part of the course."""

from functools import cache

from labkit import discovery
from labkit.course.exercise import Exercise
from labkit.text.nearest import nearest


class NoExercise(KeyError):
    """There is no exercise with that id; the message lists all ids."""

    def __str__(self) -> str:
        return str(self.args[0])


@cache
def exercises() -> dict[str, Exercise]:
    """Return every exercise by its id, in the order of the course."""
    found = [module.EXERCISE for module in discovery.modules(__name__) if hasattr(module, "EXERCISE")]
    return {one.id: one for one in sorted(found, key=lambda one: one.id)}


def exercise(exercise_id: str) -> Exercise:
    """Return the exercise with that id. Raises NoExercise."""
    if exercise_id not in exercises():
        near = nearest(exercise_id, exercises())
        raise NoExercise(f"there is no exercise {exercise_id!r}{near}; there are {', '.join(exercises())}")
    return exercises()[exercise_id]

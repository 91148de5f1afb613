"""The clock of a situation: the calls give the time, and to shrink a situation is also to let things happen sooner."""

from collections.abc import Callable, Iterator

from labkit.course.models.shrinking import simpler
from labkit.course.models.situations import Situation, Step

TimeOf = Callable[[Step], int | None]  # which argument of a step is the time, by its place


def sooner(situation: Situation, time_of: TimeOf) -> Iterator[Situation]:
    """Yield it with one pause shorter: a step and all later ones are sooner by the same time."""
    before: float = 0
    for number, step in enumerate(situation):
        if (place := time_of(step)) is None:
            continue
        pause = step[2][place] - before
        before = step[2][place]
        for less in simpler(pause):
            yield situation[:number] + tuple(_moved(one, time_of(one), pause - less) for one in situation[number:])


def _moved(step: Step, place: int | None, by: float) -> Step:
    if place is None:
        return step
    verb, target, given = step
    return verb, target, (*given[:place], given[place] - by, *given[place + 1 :])

"""Make a failing situation smaller: fewer steps, then smaller arguments, while it fails in the same way.

The same situation and answer always end in the same smallest one: nothing here is drawn or timed.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from labkit.course.models.situations import Situation, Step, is_changed, is_code, is_whole, label, makes, unchanged

AT_ONCE = 3, 24  # tried together: after a success, when most of the next ones are wasted, and at most
MOST_STEPS = 3_000  # in all situations that are tried
LETTERS = 50  # of an argument, which cost as much as a step
EXPRESSION = 12  # the steps that an expression for many objects costs
Simpler = Callable[[Any], Iterable[Any]]  # simpler values of an argument
Smaller = Callable[[Situation], Iterable[Situation]]  # situations with several simpler arguments at once
Failing = Callable[[Sequence[Situation]], Awaitable[int | None]]  # the first of them that fails, by its place


def nothing_more(situation: Situation) -> Iterable[Situation]:
    """Yield no situation."""
    return ()


async def smallest(
    situation: Situation,
    failing: Failing,
    permits: Callable[[Situation], bool],
    simpler: Simpler,
    smaller: Smaller = nothing_more,
) -> Situation:
    """Return the smallest situation that fails in the same way, of those that the contract permits."""
    tried, steps, count = {situation}, 0, AT_ONCE[0]
    while steps < MOST_STEPS:
        every = candidates(situation, simpler, smaller)
        some = list(islice((one for one in every if one not in tried and is_whole(one) and permits(one)), count))
        if not some:
            break
        tried.update(some)
        steps += sum(map(_cost, some))
        place = await failing(some)
        count = min(2 * count, AT_ONCE[1]) if place is None else AT_ONCE[0]
        situation = situation if place is None else some[place]
    return situation


def _cost(situation: Situation) -> int:
    sizes = (len(value) for _, _, given in situation for value in given if isinstance(value, str | bytes))
    return len(situation) + sum(sizes) // LETTERS + EXPRESSION * sum(map(_is_long, situation))


def _is_long(step: Step) -> bool:
    return is_code(step) and " for " in step[2][0]


def candidates(situation: Situation, simpler: Simpler, smaller: Smaller) -> Iterator[Situation]:
    """Yield smaller situations, the much smaller ones first."""
    for size in _halves(len(situation)):
        for at in range(len(situation) - size, -1, -size):
            yield situation[:at] + situation[at + size :]
    for at in range(len(situation)):
        yield from _without(situation, at)
    for at, step in enumerate(situation):
        if is_changed(step):
            yield (*situation[:at], unchanged(step), *situation[at + 1 :])
    yield from smaller(situation)
    for number, (verb, target, arguments) in enumerate(situation):
        for place, value in enumerate(arguments):
            if place == 0 and is_code(situation[number]):
                continue
            for less in simpler(value):
                given = (*arguments[:place], less, *arguments[place + 1 :])
                yield (*situation[:number], (verb, target, given), *situation[number + 1 :])


def _without(situation: Situation, at: int) -> Iterator[Situation]:
    """Yield the situation without all that one label does."""
    if makes(situation[at]):
        yield tuple(step for step in situation if label(step) != situation[at][1])


def _halves(size: int) -> Iterator[int]:
    while size > 1:
        size = (size + 1) // 2
        yield size


def simpler(value: Any) -> Iterator[Any]:
    """Yield simpler values of the same type."""
    if isinstance(value, str | bytes):
        for size in (len(value), *_halves(len(value))):
            for at in range(0, len(value) - size + 1, max(size, 1)):
                if size:
                    yield type(value)().join((value[:at], value[at + size :]))  # type: ignore[arg-type]
    elif type(value) in (int, float) and value > 0:
        for less in (0, 1, value // 2, value - 1):
            if 0 <= less < value:
                yield type(value)(less)

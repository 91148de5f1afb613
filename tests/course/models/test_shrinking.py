"""The smallest situation that fails in the same way."""

import asyncio
from collections.abc import Callable, Sequence

from labkit.course.models.shrinking import simpler, smallest
from labkit.course.models.situations import Situation, call, get, make, make_as, value_as


def shrunk(start: Situation, fails: Callable[[Situation], bool], permits: Callable[[Situation], bool]) -> Situation:
    async def failing(some: Sequence[Situation]) -> int | None:
        return next((number for number, one in enumerate(some) if fails(one)), None)

    return asyncio.run(smallest(start, failing, permits, simpler))


def long_one() -> Situation:
    return (make("box", 100), make("other", 5), *(call("box.put", b"abcdef" * 5, n) for n in range(20)), get("box.x"))


def test_only_the_steps_that_matter_are_left() -> None:
    def fails(one: Situation) -> bool:
        return sum(len(given[0]) for _, target, given in one if target == "box.put") > 40

    found = shrunk(long_one(), fails, lambda one: True)
    assert found[0] == make("box", 0)
    assert sum(len(given[0]) for _, _, given in found[1:]) == 41
    assert len(found) <= 4


def test_what_the_contract_forbids_is_never_tried() -> None:
    """The argument may not fall below 7."""

    def permits(one: Situation) -> bool:
        return all(given[0] >= 7 for verb, _, given in one if verb == "make")

    assert shrunk((make("box", 100),), lambda one: one != (), permits) == (make("box", 7),)


def test_same_start_ends_in_the_same_one() -> None:
    assert len({shrunk(long_one(), lambda one: len(one) > 3, lambda one: True) for _ in range(3)}) == 1


def test_expression_keeps_its_code() -> None:
    start = (make_as("crowd", "[{answer}({0}) for _ in range(9)]", 8), value_as("crowd", "[one.x for one in {kept}]"))
    assert shrunk(start, lambda one: len(one) == 2, lambda one: True) == (
        make_as("crowd", "[{answer}({0}) for _ in range(9)]", 0),
        start[1],
    )

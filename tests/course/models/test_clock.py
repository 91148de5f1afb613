"""A situation with a clock shrinks as a whole: what comes later moves along."""

from labkit.course.models.clock import sooner
from labkit.course.models.situations import Step, call, get, make

START = (make("dog", 5, 100.0), call("dog.heard", 103.0), get("dog.x"), call("dog.due", 108.0))


def time_of(step: Step) -> int | None:
    return {"make": 1, "call": 0}.get(step[0])


def times(situation: tuple[Step, ...]) -> list[float]:
    return [step[2][place] for step in situation if (place := time_of(step)) is not None]


def test_later_steps_move_along() -> None:
    found = [times(one) for one in sooner(START, time_of)]
    assert [0, 3, 8] in found
    assert [100, 100, 105] in found
    assert [100, 103, 103] in found


def test_no_pause_grows_and_nothing_else_changes() -> None:
    for one in sooner(START, time_of):
        assert [step[:2] for step in one] == [step[:2] for step in START]
        assert one[0][2][0] == 5
        assert sum(times(one)) < sum(times(START))
        assert times(one) == sorted(times(one))

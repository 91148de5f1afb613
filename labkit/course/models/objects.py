"""The model of an exercise whose answer makes objects: each is compared with a reference that does the same steps."""

from collections.abc import Callable, Sequence
from typing import Any

from labkit.course.exercise import Misconception
from labkit.course.models.property import Model, Wrong
from labkit.course.models.situations import (
    Result,
    Situation,
    Step,
    is_changed,
    is_earlier_changed,
    label,
    makes,
)

Verdict = tuple[str, Misconception | None]  # what was expected, and what the result shows
Judge = Callable[[Any, Step, Result], Verdict | None]  # takes the reference through the step; None: the result is right


def model_of(
    reference: Callable[..., Any],
    noun: str,
    judge: Judge,
    raises: Misconception,
    given_away: Misconception | None = None,
) -> Model:
    """Return a model that makes a reference, of the same arguments, for each object. What raises shows `raises`.

    `given_away`: what it shows that a result is no longer what it was, or that what the caller did with one raises
    later; without it, the model does not look at results again.
    """

    def model(situation: Situation, results: Sequence[Result]) -> Wrong | None:
        made: dict[str, Any] = {}
        for number, (step, result) in enumerate(zip(situation, results)):
            wrong: Verdict | None = None
            if makes(step):
                made[step[1]] = reference(*step[2])
                wrong = None if result.raised is None else (noun, raises)
            else:
                wrong = judge(made[label(step)], step, result)
            if wrong is not None and result.raised is not None:
                is_late = given_away is not None and any(map(is_changed, situation[:number]))
                return Wrong(number, wrong[0], given_away if is_late else raises)
            if wrong is not None:
                return Wrong(number, *wrong)
            if given_away is not None and is_earlier_changed(result):
                return Wrong(number, "that each result stays as it is", given_away)
        return None

    return model

"""The model of an exercise whose answer makes objects: each is compared with a reference that does the same steps."""

from collections.abc import Callable, Sequence
from typing import Any

from labkit.course.exercise import Misconception
from labkit.course.models.property import Model, Wrong
from labkit.course.models.situations import Result, Situation, Step, label, makes

Verdict = tuple[str, Misconception | None]  # what was expected, and what the result shows
Judge = Callable[[Any, Step, Result], Verdict | None]  # takes the reference through the step; None: the result is right


def model_of(reference: Callable[..., Any], noun: str, judge: Judge, raises: Misconception) -> Model:
    """Return a model that makes a reference, of the same arguments, for each object. What raises shows `raises`."""

    def model(situation: Situation, results: Sequence[Result]) -> Wrong | None:
        made: dict[str, Any] = {}
        for number, (step, result) in enumerate(zip(situation, results)):
            wrong: Verdict | None = None
            if makes(step):
                made[step[1]] = reference(*step[2])
                wrong = None if result.raised is None else (noun, raises)
            else:
                wrong = judge(made[label(step)], step, result)
            if wrong is not None:
                return Wrong(number, wrong[0], wrong[1] if result.raised is None else raises)
        return None

    return model

"""When which fault begins: a plan that replays, with its seed, and that fits in a JSON file.

Schedule([(0.5, "down", [Stall()], None), (2.0, "down", [], None)], seed=7)
"""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple, Self

from labkit.faults.catalogue import from_dict, to_dict
from labkit.faults.fault import Fault
from labkit.faults.passage import DIRECTIONS


class Step(NamedTuple):
    """At so many seconds a direction gets these faults; `only` for the connection with that number."""

    at_s: float
    direction: str
    faults: list[Fault]
    only: int | None = None


class Schedule:
    """Steps in the order of their times. Raises ValueError for a direction or a time that cannot be."""

    def __init__(self, steps: Iterable[tuple[Any, ...]], seed: int = 0) -> None:
        self.steps = sorted((Step(*step) for step in steps), key=lambda step: step.at_s)
        self.seed = seed
        for step in self.steps:
            if step.direction not in DIRECTIONS or step.at_s < 0:
                raise ValueError(f"{step} needs at_s of 0 or more and a direction, one of {', '.join(DIRECTIONS)}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schedule) and (self.steps, self.seed) == (other.steps, other.seed)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Schedule({[tuple(step) for step in self.steps]}, seed={self.seed})"

    def to_json(self) -> str:
        """As text, one step a line."""
        steps = [step._asdict() | {"faults": [to_dict(fault) for fault in step.faults]} for step in self.steps]
        lines = ",\n".join("  " + json.dumps(step) for step in steps)
        return f'{{"seed": {self.seed}, "steps": [\n{lines}\n]}}\n'

    @classmethod
    def from_json(cls, text: str) -> Self:
        """From text. Raises ValueError."""
        try:
            plan = json.loads(text)
            steps = [
                Step(**step)._replace(faults=[from_dict(fault) for fault in step["faults"]]) for step in plan["steps"]
            ]
            return cls(steps, plan["seed"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this is no schedule: {error!r}") from None

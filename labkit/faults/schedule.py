"""When which fault begins: a plan that replays with its seed, and fits into a JSON file.

Schedule([(0.5, "down", [Stall()], None), (2.0, "down", [], None)], seed=7)
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, Self

from labkit.faults.connection import DIRECTIONS
from labkit.faults.fault import Fault
from labkit.faults.kinds import FAULTS
from labkit.text.nearest import nearest


class ScheduledFaults(NamedTuple):
    """The faults of a direction from `at_s` seconds on; with `only`, of the connection with that number."""

    at_s: float
    direction: str
    faults: list[Fault]
    only: int | None = None


@dataclass(init=False)
class Schedule:
    """Steps in the order of their times. Raises ValueError for an unknown direction or a negative time."""

    steps: list[ScheduledFaults]
    seed: int

    def __init__(self, steps: Iterable[tuple[Any, ...]], seed: int = 0) -> None:
        self.steps = sorted((ScheduledFaults(*step) for step in steps), key=lambda step: step.at_s)
        self.seed = seed
        for step in self.steps:
            if step.direction not in DIRECTIONS or step.at_s < 0:
                raise ValueError(f"{step} needs at_s of 0 or more and a direction, one of {', '.join(DIRECTIONS)}")

    def __repr__(self) -> str:
        return f"Schedule({[tuple(step) for step in self.steps]}, seed={self.seed})"

    def to_json(self) -> str:
        """Return JSON text with one step per line."""
        steps = [step._asdict() | {"faults": [to_dict(fault) for fault in step.faults]} for step in self.steps]
        lines = ",\n".join("  " + json.dumps(step) for step in steps)
        return f'{{"seed": {self.seed}, "steps": [\n{lines}\n]}}\n'

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read JSON text. Raises ValueError."""
        try:
            plan = json.loads(text)
            steps = [
                ScheduledFaults(**step)._replace(faults=[from_dict(fault) for fault in step["faults"]])
                for step in plan["steps"]
            ]
            return cls(steps, plan["seed"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this is no schedule: {error!r}") from None


def to_dict(fault: Fault) -> dict[str, Any]:
    """Return a fault as plain data, such as {"fault": "Throttle", "bytes_per_s": 2000}."""
    settings = {field.name: getattr(fault, field.name) for field in fields(fault)}
    plain = {name: to_dict(value) if isinstance(value, Fault) else value for name, value in settings.items()}
    return {"fault": type(fault).__name__} | plain


def from_dict(data: dict[str, Any]) -> Fault:
    """Make the fault that `to_dict` described. Raises ValueError for an unknown name or setting."""
    name = data.get("fault")
    kind = FAULTS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ValueError(f"there is no fault named {name!r}{nearest(name, FAULTS)}; the faults are {', '.join(FAULTS)}")
    settings = {
        key: from_dict(value) if isinstance(value, dict) else value for key, value in data.items() if key != "fault"
    }
    try:
        return kind(**settings)
    except TypeError:
        known = ", ".join(field.name for field in fields(kind)) or "none"
        raise ValueError(f"{name} has no such settings: {', '.join(settings)}; it has {known}") from None

"""A schedule that says when each fault starts. It can be replayed with its seed and saved as JSON.

Schedule([(0.5, "down", [Stall()], None), (2.0, "down", [], None)], seed=7)
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, Self

from labkit.discovery import fault_named
from labkit.faults.connection import DIRECTIONS
from labkit.faults.fault import Fault
from labkit.faults.kinds import FAULTS


class ScheduledFaults(NamedTuple):
    """The faults for a direction from `at_s` seconds on. With `only`, they apply to the connection of that number."""

    at_s: float
    direction: str
    faults: list[Fault]
    only: int | None = None


@dataclass(init=False)
class Schedule:
    """A list of steps, sorted by time. Raises ValueError for an unknown direction or a negative time."""

    steps: list[ScheduledFaults]
    seed: int

    def __init__(self, steps: Iterable[tuple[Any, ...]], seed: int = 0) -> None:
        self.steps = sorted((ScheduledFaults(*step) for step in steps), key=lambda step: step.at_s)
        self.seed = seed
        for step in self.steps:
            if step.direction not in DIRECTIONS or step.at_s < 0:
                raise ValueError(f"{step} needs an at_s of 0 or more, and a direction from {', '.join(DIRECTIONS)}")

    def __repr__(self) -> str:
        return f"Schedule({[tuple(step) for step in self.steps]}, seed={self.seed})"

    def to_json(self) -> str:
        """Return the schedule as JSON text with one step per line."""
        steps = [step._asdict() | {"faults": [to_dict(fault) for fault in step.faults]} for step in self.steps]
        lines = ",\n".join("  " + json.dumps(step) for step in steps)
        return f'{{"seed": {self.seed}, "steps": [\n{lines}\n]}}\n'

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a schedule from JSON text. Raises ValueError."""
        try:
            plan = json.loads(text)
            steps = [
                ScheduledFaults(**step)._replace(faults=[from_dict(fault) for fault in step["faults"]])
                for step in plan["steps"]
            ]
            return cls(steps, plan["seed"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this is not a schedule: {error!r}") from None


def to_dict(fault: Fault) -> dict[str, Any]:
    """Return a fault as plain data, such as {"fault": "Throttle", "bytes_per_s": 2000}."""
    settings = {field.name: getattr(fault, field.name) for field in fields(fault)}
    plain = {name: to_dict(value) if isinstance(value, Fault) else value for name, value in settings.items()}
    return {"fault": type(fault).__name__} | plain


def from_dict(data: dict[str, Any]) -> Fault:
    """Make a fault from the output of `to_dict`. Raises ValueError for an unknown name or setting."""
    try:
        kind = fault_named(data.get("fault"), FAULTS)
    except KeyError as error:
        raise ValueError(error.args[0]) from None
    settings = {
        key: from_dict(value) if isinstance(value, dict) else value for key, value in data.items() if key != "fault"
    }
    try:
        return kind(**settings)
    except TypeError:
        known = ", ".join(field.name for field in fields(kind)) or "none"
        raise ValueError(
            f"{kind.__name__} does not accept the settings {', '.join(settings)}; it accepts {known}"
        ) from None

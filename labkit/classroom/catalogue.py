"""What the course lists: its exercises in order, and what each of their checks finds out.

The board knows ids alone; this is where the wall takes its words from. Taught in notebook 00 (start here).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labkit.course.exercises import exercises


@dataclass(frozen=True)
class Listed:
    """One exercise: its title, and by check id the misconception that fails there."""

    title: str
    checks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Catalogue:
    """The exercises by id, in the order of the course."""

    listed: Mapping[str, Listed] = field(default_factory=dict)

    @property
    def exercises(self) -> list[str]:
        """Their ids."""
        return list(self.listed)

    def json(self) -> dict[str, Any]:
        """For the page."""
        return {name: {"title": one.title, "checks": dict(one.checks)} for name, one in self.listed.items()}


def of_course() -> Catalogue:
    """The course of this labkit."""
    return Catalogue(
        {
            name: Listed(one.title, {check.id: check.usual.sentence for check in one.checks})
            for name, one in exercises().items()
        }
    )

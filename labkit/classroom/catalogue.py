"""The course's exercises in order, with the misconception that each check detects. The board itself has only ids."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labkit.course.exercises import exercises


@dataclass(frozen=True)
class Listed:
    """One exercise: its title, and the misconception that each check detects, by check id."""

    title: str
    checks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Catalogue:
    """The exercises by id, in course order."""

    listed: Mapping[str, Listed] = field(default_factory=dict)

    @property
    def exercises(self) -> list[str]:
        """The ids of the exercises."""
        return list(self.listed)

    def json(self) -> dict[str, Any]:
        """Return the catalogue as JSON, for the board page."""
        return {name: {"title": one.title, "checks": dict(one.checks)} for name, one in self.listed.items()}


def of_course() -> Catalogue:
    """Return the catalogue of this labkit's course."""
    return Catalogue(
        {
            name: Listed(one.title, {check.id: check.usual.sentence for check in one.checks})
            for name, one in exercises().items()
        }
    )

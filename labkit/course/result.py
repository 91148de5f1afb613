"""What came of a check: a value with its evidence, as text, as JSON, and (in `html`) as a part of a page.

The text holds no times, so that a saved notebook reads the same each time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from labkit.course.exercise import Exercise, Verdict

MARKS = {"pass": "✓", "fail": "✗", "inconclusive": "?"}
EXIT_CODES = {"pass": 0, "fail": 1, "inconclusive": 2}
NOT_STARTED = "not started"
FIRST, LAST = 4, 10  # lines of evidence, as text


@dataclass(frozen=True, slots=True)
class Judged:
    """One check. `evidence`: what was said and came, a line a step; `misconception`: the tag of what is behind it.

    `series`: numbers that a picture shows better, by name.
    """

    id: str
    verdict: Verdict
    expected: str
    actual: str
    evidence: tuple[str, ...] = ()
    misconception: str | None = None
    series: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """As `labkit check --json` writes it."""
        names = ("id", "verdict", "expected", "actual")
        return {name: getattr(self, name) for name in names} | {"evidence": list(self.evidence)}


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """What came of one answer. `why` and `hints` belong to the first check that failed; `step` of them is shown."""

    exercise: Exercise
    verdict: Verdict
    checks: tuple[Judged, ...]
    why: str = ""
    hints: tuple[str, ...] = ()
    step: int = 1
    state: Literal["judged", "not started"] = "judged"
    seconds: float = 0.0
    printed: str = ""
    unrecorded: str = ""  # why it is not in the learner's progress

    def __iter__(self) -> Iterator[Judged]:
        return iter(self.checks)

    @property
    def hint(self) -> str:
        """The hint of this step: where to look, what is wrong, nearly the line."""
        return self.hints[min(self.step, len(self.hints)) - 1] if self.hints else ""

    @property
    def first_failed(self) -> Judged | None:
        """The first check that failed."""
        return next((check for check in self.checks if check.verdict == "fail"), None)

    def ids(self, verdict: Verdict) -> list[str]:
        """The checks with that verdict."""
        return [check.id for check in self.checks if check.verdict == verdict]

    def json(self) -> dict[str, Any]:
        """As `labkit check --json` writes it."""
        checks = [check.json() for check in self.checks]
        return {"exercise": self.exercise.id, "verdict": self.verdict, "checks": checks, "hint": self.hint}

    @property
    def headline(self) -> str:
        """The whole in one line."""
        if self.state == NOT_STARTED:
            return f"{self.exercise.id}: {NOT_STARTED}"
        held = len(self.ids("pass"))
        return f"{self.exercise.id}: {self.verdict}, {held} of {len(self.checks)} checks hold"

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        from labkit.course.html import part  # it reads results

        return part(self)

    def lines(self) -> Iterator[str]:
        """The whole, as text."""
        yield self.headline
        if self.state == NOT_STARTED:
            yield f"  {self.hint}"
        for check in self.checks:
            yield f"{MARKS[check.verdict]} {check.id}: {check.expected}"
            if check is self.first_failed:
                yield from _told("sent, came", shortened(check.evidence))
                yield f"    came      {check.actual}"
                yield f"    why       {self.why}"
                yield f"    hint      {self.hint}"
                yield f"    lesson    notebooks/{self.exercise.lesson}.ipynb"
            elif check.verdict != "pass" and self.state != NOT_STARTED:
                yield f"    came      {check.actual}"
        if self.printed and self.verdict != "pass":
            yield from _told("printed", self.printed.splitlines()[-FIRST:])
        if self.unrecorded:
            yield self.note

    @property
    def note(self) -> str:
        """That it is not in the learner's progress, and why, in one line; empty when it is."""
        return f"not recorded: {self.unrecorded}" if self.unrecorded else ""


def shortened(lines: tuple[str, ...]) -> list[str]:
    """The ends of long evidence."""
    if len(lines) <= FIRST + LAST + 1:
        return list(lines)
    return [*lines[:FIRST], f"... {len(lines) - FIRST - LAST} more", *lines[-LAST:]]


def _told(name: str, lines: list[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"    {name if number == 0 else '':<9} {line}"

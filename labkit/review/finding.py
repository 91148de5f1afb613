"""What a probe found: a verdict with its evidence, as one value.

`held`: the requirement was seen to hold. `broken`: it was seen not to. `unknown`: it could not be looked at, and the
text says what is missing. Taught in notebook 09 (review).
"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Verdict = Literal["held", "broken", "unknown"]
Severity = Literal["P0", "P1", "P2"]


class Seen(NamedTuple):
    """What one run of a probe saw."""

    verdict: Verdict
    actual: str


def held(actual: str) -> Seen:
    """The requirement holds; `actual` is how that showed."""
    return Seen("held", actual)


def broken(actual: str) -> Seen:
    """The requirement does not hold; `actual` is what happened instead."""
    return Seen("broken", actual)


def unknown(actual: str) -> Seen:
    """Nobody can tell; `actual` says what is missing."""
    return Seen("unknown", actual)


class CannotTell(Exception):
    """Raised inside a probe that cannot be run as things are: its verdict is `unknown`."""


class CannotReview(Exception):
    """There is nothing that lets itself be reviewed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One probe's result. `frames` is what was said and heard, `reproduce` the lines of a script; `seconds` it took."""

    id: str
    title: str
    severity: Severity
    verdict: Verdict
    expected: str
    actual: str
    frames: tuple[str, ...]
    reproduce: tuple[str, ...]
    fix: str
    missing_test: str
    seconds: float

    def json(self) -> dict[str, Any]:
        """As the report's JSON has it."""
        return {
            "id": self.id,
            "title": self.title,
            "severity": self.severity,
            "verdict": self.verdict,
            "expected": self.expected,
            "actual": self.actual,
            "reproduce": list(self.reproduce),
            "fix": self.fix,
            "missing_test": self.missing_test,
            "seconds": round(self.seconds, 3),
        }

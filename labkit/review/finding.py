"""What a probe found: a verdict with its evidence.

`held`: the requirement was met. `broken`: it was not. `unknown`: the probe could not run, and the text says what is
missing.
"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Verdict = Literal["held", "broken", "unknown"]
Severity = Literal["P0", "P1", "P2"]


class Outcome(NamedTuple):
    """The result of one run of a probe."""

    verdict: Verdict
    actual: str


def held(actual: str) -> Outcome:
    """Report that the requirement holds; `actual` is the evidence."""
    return Outcome("held", actual)


def broken(actual: str) -> Outcome:
    """Report that the requirement does not hold; `actual` is what happened instead."""
    return Outcome("broken", actual)


def unknown(actual: str) -> Outcome:
    """Report that the probe cannot tell; `actual` says what is missing."""
    return Outcome("unknown", actual)


class CannotTell(Exception):
    """Raised by a probe that cannot run under the current conditions: its verdict is `unknown`."""


class CannotReview(Exception):
    """The review cannot run; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one probe. `frames`: the traffic; `reproduce`: the lines of a script; `seconds`: the time taken."""

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
        """Return the finding as it appears in the JSON report."""
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

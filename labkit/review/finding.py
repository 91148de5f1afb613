"""The result of one probe, as a row of a report."""

from dataclasses import dataclass
from typing import Any, Literal

from labkit.evidence import Verdict

Severity = Literal["P0", "P1", "P2"]


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

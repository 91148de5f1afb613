"""The result of one probe, as a row of a report."""

from dataclasses import dataclass
from typing import Any, Literal

from labkit.evidence import Verdict
from labkit.review.promise import KIT, is_convention
from labkit.review.recording import Recording
from labkit.review.transcript import MARK

Severity = Literal["P0", "P1", "P2"]


class CannotReview(Exception):
    """The review cannot run; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one probe. `frames`: the traffic; `reproduce`: the lines of a script; `seconds`: the time taken.

    `promise`: whose promise it concerns, see `promise`.
    """

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
    promise: str = KIT
    cause: str = ""  # what several findings may have in common
    is_crash: bool = False  # it ended other connections, or the server
    short: tuple[str, ...] = ()  # the lines of a short program in the language of the server
    recording: Recording | None = None  # the traffic as values; None if it cannot be repeated

    @property
    def is_convention(self) -> bool:
        """Whether it concerns only what the server may never have promised."""
        return is_convention(self.promise) and not self.is_crash

    @property
    def breaking_frame(self) -> str:
        """The step that shows the fault, or "" if no single one does."""
        return next((line.removesuffix(MARK) for line in self.frames if line.endswith(MARK)), "")

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
            "promise": self.promise,
            "kind": "convention" if self.is_convention else "danger",
            "cause": self.cause if self.verdict == "broken" else "",
            "breaking_frame": self.breaking_frame,
            "short_script": list(self.short),
        }

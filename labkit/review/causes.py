"""Findings with one cause are one finding: four probes that end a process through one missing handler are one fault."""

from collections.abc import Iterable
from dataclasses import dataclass

from labkit.review.finding import Finding, Severity


@dataclass(frozen=True, slots=True)
class Cause:
    """One fault, with the broken findings that show it, the most severe first."""

    text: str
    findings: tuple[Finding, ...]

    @property
    def severity(self) -> Severity:
        """The severity of the worst finding."""
        return self.findings[0].severity

    @property
    def is_convention(self) -> bool:
        """Whether it concerns only what the server may never have promised."""
        return all(finding.is_convention for finding in self.findings)

    @property
    def ids(self) -> list[str]:
        """The ids of the probes that show it."""
        return [finding.id for finding in self.findings]

    def __str__(self) -> str:
        count = len(self.findings)
        shown = f"{count} probes show it: {', '.join(self.ids)}" if count > 1 else self.ids[0]
        return f"{self.severity} {self.text} ({shown})"


def causes(findings: Iterable[Finding]) -> list[Cause]:
    """Group the broken findings by cause: dangers first, then conventions, each by severity."""
    groups: dict[tuple[str, bool], list[Finding]] = {}
    for finding in findings:
        if finding.verdict == "broken":
            text = finding.cause or f"not held: {finding.title}"
            groups.setdefault((text, finding.is_convention), []).append(finding)
    found = []
    for (text, _), group in groups.items():
        group.sort(key=lambda one: one.severity)
        found.append(Cause(text, tuple(group)))
    return sorted(found, key=lambda one: (one.is_convention, one.severity))

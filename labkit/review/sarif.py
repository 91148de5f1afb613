"""The faults of a review in SARIF 2.1.0, which code hosts show beside the code: one rule and one result per fault.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0. A review sees no source code, so a result is placed at
the start of a file that the caller names; without one it has the server's address as its logical location.
"""

from typing import Any

from labkit.platform.packages import installed_version
from labkit.review.finding import Finding, Severity
from labkit.review.report import Report, details, printable

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS: dict[Severity, str] = {"P0": "error", "P1": "warning", "P2": "note"}
SECURITY: dict[Severity, str] = {"P0": "9.0", "P1": "6.0", "P2": "3.0"}  # 0 to 10, as code hosts sort them


def sarif(report: Report, file: str = "") -> dict[str, Any]:
    """Return the log. `file`: where the results are placed, relative to the repository, with slashes."""
    broken = [finding for finding in report.worst_first if finding.verdict == "broken"]
    driver = {
        "name": "labkit review",
        "version": installed_version(),
        "rules": [_rule(finding) for finding in broken],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "utf16CodeUnits",
        "results": [_result(report, number, finding, file) for number, finding in enumerate(broken)],
        "properties": {"target": report.target, "profile": report.profile, "verdict": printable(report.verdict_text)},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(finding: Finding) -> dict[str, Any]:
    tags = ["realtime", "convention" if finding.is_convention else "danger", finding.severity]
    return {
        "id": finding.id,
        "shortDescription": {"text": finding.title},
        "fullDescription": {"text": f"Expected: {finding.expected}"},
        "help": {"text": f"{finding.fix}\nMissing test: {finding.missing_test}"},
        "defaultConfiguration": {"level": LEVELS[finding.severity]},
        "properties": {"tags": tags, "security-severity": SECURITY[finding.severity]},
    }


def _result(report: Report, number: int, finding: Finding, file: str) -> dict[str, Any]:
    place = {"logicalLocations": [{"fullyQualifiedName": report.target, "kind": "resource"}]}
    physical = {"artifactLocation": {"uri": file}, "region": {"startLine": 1}}
    return {
        "ruleId": finding.id,
        "ruleIndex": number,
        "level": LEVELS[finding.severity],
        "message": {"text": f"{finding.title}: {printable(finding.actual)}"},
        "locations": [{"physicalLocation": physical, **place} if file else place],
        "partialFingerprints": {"probe/v1": finding.id},  # the same fault stays one alert
        "properties": {"evidence": details(finding)},
    }

"""The findings of one review as JSON, text, JUnit XML and a DataFrame; `html` turns them into a page.

Broken findings come first, starting with the most severe, then the unknown ones.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from labkit.evidence import Verdict
from labkit.review.causes import Cause, causes
from labkit.review.finding import Finding

if TYPE_CHECKING:
    import pandas

FIRST, LAST = 14, 4  # frames of a finding to show on a terminal
PASTE = "paste the script from --html or --json"
SHORT = "run this; --html and --json have a script without dependencies too"
CONVENTIONS = "Differences from what was promised; no danger:"
VERDICTS: tuple[Verdict, ...] = ("broken", "unknown", "held")


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """The result of a review of `target`."""

    target: str
    profile: str
    findings: tuple[Finding, ...]
    seconds: float
    began_at: str = ""  # ISO 8601
    versions: tuple[str, ...] = ()  # of what reviewed, and of the server if it says so
    conversation: tuple[str, ...] = ()  # the frames of the conversation check
    not_applicable: Mapping[str, str] = field(default_factory=dict)  # probes that did not run, and why

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __getitem__(self, probe_id: str) -> Finding:
        for finding in self.findings:
            if finding.id == probe_id:
                return finding
        why = self.not_applicable.get(probe_id)
        raise KeyError(f"probe {probe_id!r} did not run" + (f": it {why}" if why else ""))

    def ids(self, verdict: str) -> list[str]:
        """Return the ids of the probes with this verdict, in chapter order."""
        return [finding.id for finding in self.findings if finding.verdict == verdict]

    @property
    def summary(self) -> dict[str, int]:
        """The number of findings per verdict."""
        count = Counter(finding.verdict for finding in self.findings)
        return {"held": count["held"], "broken": count["broken"], "unknown": count["unknown"]}

    @property
    def worst_first(self) -> list[Finding]:
        """The findings in order of severity: broken ones first, P0 before P1."""
        return sorted(self.findings, key=lambda one: (VERDICTS.index(one.verdict), one.severity))

    @property
    def causes(self) -> list[Cause]:
        """The faults, dangers first: one for all the broken findings that have the same cause."""
        return causes(self.findings)

    @property
    def verdict_text(self) -> str:
        """The result of the review, in one line."""
        found = self.causes
        dangers, tastes = [one for one in found if not one.is_convention], [one for one in found if one.is_convention]
        if not found:
            unknown = self.summary["unknown"]
            return "no fault found" + (f"; {_counted(unknown, 'probe')} could not tell" if unknown else "")
        worst = f"the worst: {found[0].severity} {found[0].text}" if dangers else "no danger"
        parts = [_counted(len(dangers), "danger")]
        parts += [f"{_counted(len(tastes), 'difference')} from what was promised"] if tastes else []
        return f"{' and '.join(parts)}; {worst}"

    @property
    def head(self) -> str:
        """What was reviewed, when, with what and how long, and the verdict."""
        parts = [self.began_at, *self.versions]
        first = f"Review of {self.target}, profile {self.profile}" + "".join(f", {part}" for part in parts if part)
        return f"{first}, {self.seconds:.1f} s\nVerdict: {printable(self.verdict_text)}"

    def json(self) -> dict[str, Any]:
        """Return the report in the form that `--json` writes."""
        probes = [finding.json() for finding in self.findings]
        causes = [
            {"text": one.text, "severity": one.severity, "kind": _kind(one), "probes": one.ids} for one in self.causes
        ]
        return {
            "target": self.target,
            "profile": self.profile,
            "probes": probes,
            "summary": self.summary,
            "date": self.began_at,
            "versions": list(self.versions),
            "seconds": round(self.seconds, 3),
            "verdict": self.verdict_text,
            "causes": causes,
            "conversation": list(self.conversation),
            "not_applicable": [{"id": name, "why": why} for name, why in self.not_applicable.items()],
        }

    def frame(self) -> "pandas.DataFrame":
        """Return a DataFrame with one row per probe."""
        import pandas

        rows = [finding.json() for finding in self.findings]
        columns = ["id", "title", "severity", "verdict", "expected", "actual", "fix", "missing_test", "seconds"]
        return pandas.DataFrame(rows, columns=columns).set_index("id")

    def junit(self) -> str:
        """Return JUnit XML: broken findings are failures, unknown ones are skipped."""
        count = self.summary
        totals = {"tests": str(len(self.findings)), "failures": str(count["broken"]), "skipped": str(count["unknown"])}
        suite = ElementTree.Element("testsuite", {"name": "labkit review", "time": f"{self.seconds:.3f}"} | totals)
        for finding in self.findings:
            name = {"classname": finding.id.partition("/")[0], "name": f"{finding.id} {finding.title}"}
            case = ElementTree.SubElement(suite, "testcase", name | {"time": f"{finding.seconds:.3f}"})
            if finding.verdict == "broken":
                failure = ElementTree.SubElement(case, "failure", {"message": _xml(finding.actual)})
                failure.text = _xml("\n".join(details(finding)))
            elif finding.verdict == "unknown":
                ElementTree.SubElement(case, "skipped", {"message": _xml(finding.actual)})
        return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)

    def __repr__(self) -> str:
        """Return a short summary that is the same in every run."""
        return f"<review, profile {self.profile}: {self._counts}>"

    @property
    def _counts(self) -> str:
        count = self.summary
        return f"{count['held']} held, {count['broken']} broken, {count['unknown']} unknown"

    @property
    def unknown(self) -> dict[str, list[str]]:
        """The unknown findings, grouped by the missing input."""
        missing: dict[str, list[str]] = {}
        for finding in self.findings:
            if finding.verdict == "unknown":
                missing.setdefault(finding.actual, []).append(finding.id)
        return missing

    @property
    def left_aside(self) -> dict[str, list[str]]:
        """The probes that do not apply to this server, grouped by the reason."""
        grouped: dict[str, list[str]] = {}
        for name, why in self.not_applicable.items():
            grouped.setdefault(why, []).append(name)
        return grouped

    @property
    def counts_text(self) -> str:
        """The number of findings per verdict, in one line, with the severities of the broken ones."""
        worst = Counter(finding.severity for finding in self.findings if finding.verdict == "broken")
        severities = ", ".join(f"{worst[severity]} {severity}" for severity in sorted(worst))
        return self._counts.replace(" broken", f" broken ({severities})") if worst else self._counts

    def __str__(self) -> str:
        lines: list[str] = [self.head]
        found, is_apart = self.causes, False
        for cause in found:
            if cause.is_convention and not is_apart:
                lines, is_apart = [*lines, "", CONVENTIONS], True
            if len(cause.findings) > 1:
                lines += ["", f"{cause.severity} {printable(cause.text)}: {len(cause.findings)} probes show it"]
            lines += _shown(cause)
        for why, ids in self.unknown.items():
            lines += ["", f"unknown {', '.join(ids)}", f"    {printable(why)}"]
        for why, ids in self.left_aside.items():
            lines += ["", f"not judged {', '.join(ids)}", f"    {why}"]
        total = f"{self.target}, profile {self.profile}: {self.counts_text} in {self.seconds:.1f} s"
        return "\n".join([*lines, "", total]).lstrip()


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def line(finding: Finding) -> str:
    """Return a one-line summary of a finding."""
    return f"{finding.verdict:<8}{finding.severity} {finding.id:<14}{finding.title}"


def _shown(cause: Cause) -> list[str]:
    """Return the first finding of a cause in full, and a line for each other one."""
    first, *others = cause.findings
    shown = ["", line(first), *(f"    {detail}" for detail in details(first))] if not others else []
    if others:
        shown = [line(first), *(f"    {detail}" for detail in details(first))]
        for other in others:
            shown += [line(other), f"    actual:   {printable(other.actual)}"]
    return shown


def _kind(cause: Cause) -> str:
    return "convention" if cause.is_convention else "danger"


def details(finding: Finding) -> list[str]:
    """Return the evidence for a broken finding, and how to fix it."""
    script = finding.short or finding.reproduce
    fits = len(script) == 1 or bool(finding.short)
    return [
        f"expected: {finding.expected}",
        f"actual:   {printable(finding.actual)}",
        f"fix:      {finding.fix}",
        f"missing test: {finding.missing_test}",
        "frames:",
        *(f"  {printable(frame)}" for frame in _ends(finding.frames)),
        *([f"judges:   {finding.promise}"] if finding.promise else []),
        f"reproduce: {printable(script[0]) if len(script) == 1 else PASTE if not fits else SHORT}",
        *(f"  {printable(one)}" for one in (script if finding.short else ())),
    ]


def _ends(frames: tuple[str, ...]) -> list[str]:
    """Return the first and last frames only; the report files contain all of them."""
    left_out = len(frames) - FIRST - LAST
    if left_out <= 1:
        return list(frames)
    return [*frames[:FIRST], f"... {left_out} more ...", *frames[-LAST:]]


def printable(text: str) -> str:
    """Escape control characters, so that text from a server cannot control the terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _xml(text: str) -> str:
    """Replace control characters and lone surrogates, which XML does not allow."""
    return "".join(char if char.isprintable() or char == "\n" else "?" for char in text)

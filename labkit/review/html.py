"""Render a report as self-contained HTML, without scripts, fonts or links: a whole page or a part of one.

The findings are grouped by verdict; groups and findings can be expanded.
"""

import re

from labkit.evidence import Verdict
from labkit.evidence.outcome import MARKS
from labkit.review.finding import Finding
from labkit.review.report import VERDICTS, Report
from labkit.text.html import Markup, described, fill, join

STYLE = """
.review { font: 16px/1.5 system-ui, sans-serif; }
.review summary { cursor: pointer; padding: .25rem 0; }
.review .group > summary { font-weight: 600; font-size: 1.1rem; }
.review h1 { font-size: 1.6rem; overflow-wrap: anywhere; }
.review details details { margin-left: 1.2rem; }
.review .broken summary::marker { color: #b91c1c; }
.review .severity { display: inline-block; min-width: 2rem; font-weight: 600; }
.review dl, .review p, .review pre { margin: .3rem 0 .6rem 1rem; }
.review dt { font-weight: 600; }
.review dd { margin: 0 0 .5rem 1rem; overflow-wrap: anywhere; }
.review pre { overflow-x: auto; padding: .6rem; border: 1px solid; border-radius: .3rem; font-size: .85rem; }
"""
PAGE_STYLE = """
:root { color-scheme: light dark; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
"""
ASK = Markup(
    "The traffic: <code>print(*report['ID'].frames, sep='\\n')</code>; a script to paste: "
    "<code>print(*report['ID'].reproduce, sep='\\n')</code>"
)
_RANDOM_ROOM = re.compile(r"\br:[0-9a-f]{8}")  # a room name, different each time
FRAMES = "<p><b>Frames</b></p><pre>{}</pre>"
SHORT = "<p><b>Reproduce</b></p><pre>{}</pre>"
REPRODUCE = "<details><summary>Reproduce: paste this into a shell</summary><pre>{}</pre></details>"


def page(report: Report) -> str:
    """Return a whole HTML document."""
    return fill(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Review of {}</title>'
        '<meta name="viewport" content="width=device-width">'
        "<style>{}</style></head>\n<body>{}<p>It took {} s.</p></body></html>\n",
        report.target,
        Markup(PAGE_STYLE),
        part(report, "h1", is_whole=True),
        f"{report.seconds:.1f}",
    )


def part(report: Report, heading: str = "h3", *, is_whole: bool = False) -> Markup:
    """Return the report as part of a page, such as a notebook, where every run must give the same output.

    Only a whole page (`is_whole`) shows times, the port, random names and the traffic.
    """
    groups = join("{}", [(_group(report, verdict, is_whole),) for verdict in VERDICTS], "\n")
    if report.ids("broken") and not is_whole:
        groups += fill("<p>{}</p>", ASK)
    groups += join("<p>Not judged: {}: {}.</p>", [(", ".join(ids), why) for why, ids in report.left_aside.items()])
    target = report.target if is_whole else re.sub(r":\d+", "", report.target)
    return fill(
        '<div class="review"><style>{0}</style><{1}>Review of {2}</{1}>{6}<p>Profile {3}: {4}.</p>\n{5}\n</div>',
        *(Markup(STYLE), heading, target, report.profile, report.counts_text, groups, _head(report, is_whole)),
    )


def _head(report: Report, is_whole: bool) -> Markup:
    """Return the verdict and the faults, each once, whatever the number of probes that show it."""
    if not is_whole:
        return Markup()
    facts = [report.began_at, *report.versions, f"{report.seconds:.1f} s"]
    items = join("<li>{}: {}</li>", [("convention" if one.is_convention else "danger", one) for one in report.causes])
    shown = fill("<p><b>{}</b></p><p>{}</p>", report.verdict_text, ", ".join(fact for fact in facts if fact))
    return shown + (fill("<ol>{}</ol>", items) if report.causes else Markup())


def _group(report: Report, verdict: Verdict, is_whole: bool) -> Markup:
    findings = [finding for finding in report.worst_first if finding.verdict == verdict]
    body = join("{}", [(_finding(finding, is_whole),) for finding in findings], "\n") or Markup("<p>None.</p>")
    return fill(
        '<details class="group {0}"{1}><summary><span aria-hidden="true">{2}</span> {0}: {3}</summary>{4}</details>',
        *(verdict, " open" if findings and verdict != "held" else "", MARKS[verdict], len(findings), body),
    )


def _finding(finding: Finding, is_whole: bool) -> Markup:
    rows = [("Expected", finding.expected), ("Actual", finding.actual)]
    if finding.verdict == "broken":
        rows += [("Basis", finding.promise)]
        rows += [("Fix", finding.fix), ("Missing test", finding.missing_test)]
    shown = described((name, value if is_whole else _RANDOM_ROOM.sub("r:", value)) for name, value in rows)
    evidence = ""
    if is_whole and finding.verdict == "broken":
        evidence = _lines(FRAMES, finding.frames) + _lines(SHORT, finding.short)
        evidence += _lines(REPRODUCE, finding.reproduce)
    return fill(
        '<details><summary><span class="severity">{}</span> {}: {}</summary>{}{}</details>',
        *(finding.severity, finding.id, finding.title, shown, evidence),
    )


def _lines(template: str, lines: tuple[str, ...]) -> Markup:
    return fill(template, "\n".join(lines)) if lines else Markup()

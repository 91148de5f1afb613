"""Render a report as self-contained HTML, without scripts, fonts or links: a whole page or a part of one.

The findings are grouped by verdict; groups and findings can be expanded.
"""

import re
from html import escape

from labkit.review.finding import Finding
from labkit.review.report import VERDICTS, Report

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
ASK = (
    "The traffic: <code>print(*report['ID'].frames, sep='\\n')</code>; a script to paste: "
    "<code>print(*report['ID'].reproduce, sep='\\n')</code>"
)
_RANDOM_ROOM = re.compile(r"\br:[0-9a-f]{8}")  # a room name, different each time
MARKS = {"broken": "\u2717", "unknown": "?", "held": "\u2713"}


def page(report: Report) -> str:
    """Return a whole HTML document."""
    title = f"Review of {_text(report.target)}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{PAGE_STYLE}</style></head>\n<body>{part(report, 'h1', is_whole=True)}"
        f"<p>It took {report.seconds:.1f} s.</p></body></html>\n"
    )


def part(report: Report, heading: str = "h3", *, is_whole: bool = False) -> str:
    """Return the report as part of a page, such as a notebook, where every run must give the same output.

    Only a whole page (`is_whole`) shows times, the port, random names and the traffic.
    """
    groups = "\n".join(_group(report, verdict, is_whole) for verdict in VERDICTS)
    if report.ids("broken") and not is_whole:
        groups += f"<p>{ASK}</p>"
    target = report.target if is_whole else re.sub(r":\d+", "", report.target)
    return (
        f'<div class="review"><style>{STYLE}</style><{heading}>Review of {_text(target)}</{heading}>'
        f"<p>Profile {escape(report.profile)}: {report.counts_text}.</p>\n{groups}\n</div>"
    )


def _group(report: Report, verdict: str, is_whole: bool) -> str:
    findings = [finding for finding in report.worst_first if finding.verdict == verdict]
    is_open = " open" if findings and verdict != "held" else ""
    body = "\n".join(_finding(finding, is_whole) for finding in findings) or "<p>None.</p>"
    summary = f'<span aria-hidden="true">{MARKS[verdict]}</span> {verdict}: {len(findings)}'
    return f'<details class="group {verdict}"{is_open}><summary>{summary}</summary>{body}</details>'


def _finding(finding: Finding, is_whole: bool) -> str:
    rows = [("Expected", finding.expected), ("Actual", finding.actual)]
    if finding.verdict == "broken":
        rows += [("Fix", finding.fix), ("Missing test", finding.missing_test)]
    shown = [(name, value if is_whole else _RANDOM_ROOM.sub("r:", value)) for name, value in rows]
    listed = "".join(f"<dt>{name}</dt><dd>{_text(value)}</dd>" for name, value in shown)
    evidence = ""
    if is_whole and finding.verdict == "broken":
        evidence = _block("Frames", finding.frames) + _folded("Reproduce: paste this into a shell", finding.reproduce)
    return (
        f'<details><summary><span class="severity">{finding.severity}</span> '
        f"{escape(finding.id)}: {escape(finding.title)}</summary>"
        f"<dl>{listed}</dl>{evidence}</details>"
    )


def _block(name: str, lines: tuple[str, ...]) -> str:
    return f"<p><b>{name}</b></p><pre>{_text(chr(10).join(lines))}</pre>" if lines else ""


def _folded(name: str, lines: tuple[str, ...]) -> str:
    return f"<details><summary>{name}</summary><pre>{_text(chr(10).join(lines))}</pre></details>" if lines else ""


def _text(text: str) -> str:
    return escape(text.encode("utf-8", "backslashreplace").decode())

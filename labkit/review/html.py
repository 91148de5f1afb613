"""The report as one HTML page that needs nothing else: no script, no font, no address."""

from html import escape

from labkit.review.finding import Finding
from labkit.review.report import Report

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
summary { cursor: pointer; padding: .3rem 0; }
.verdict { display: inline-block; min-width: 5.5rem; font-weight: 600; }
.broken .verdict::before { content: "\\2717  "; }
.held .verdict::before { content: "\\2713  "; }
.unknown .verdict::before { content: "?  "; }
dt { font-weight: 600; }
dd { margin: 0 0 .5rem 1rem; overflow-wrap: anywhere; }
pre { overflow-x: auto; padding: .6rem; border: 1px solid; border-radius: .3rem; font-size: .85rem; }
"""


def page(report: Report) -> str:
    """A whole HTML document."""
    count = report.summary
    told = f"{count['held']} held, {count['broken']} broken, {count['unknown']} unknown"
    body = "\n".join(_finding(finding) for finding in report.worst_first)
    title = f"Review of {escape(report.target)}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{STYLE}</style></head>\n<body><h1>{title}</h1>"
        f"<p>Profile {escape(report.profile)}: {told}, in {report.seconds:.1f} s.</p>\n{body}\n</body></html>\n"
    )


def _finding(finding: Finding) -> str:
    is_open = " open" if finding.verdict == "broken" else ""
    rows = [("Expected", finding.expected), ("Actual", finding.actual)]
    if finding.verdict == "broken":
        rows += [("Fix", finding.fix), ("Missing test", finding.missing_test)]
    listed = "".join(f"<dt>{name}</dt><dd>{_text(value)}</dd>" for name, value in rows)
    evidence = _block("Frames", finding.frames) + _block("Reproduce", finding.reproduce)
    return (
        f'<details class="{finding.verdict}"{is_open}><summary><span class="verdict">{finding.verdict}</span>'
        f"{finding.severity} {escape(finding.id)}: {escape(finding.title)}</summary>"
        f"<dl>{listed}</dl>{evidence if finding.verdict == 'broken' else ''}</details>"
    )


def _block(name: str, lines: tuple[str, ...]) -> str:
    return f"<h3>{name}</h3><pre>{_text(chr(10).join(lines))}</pre>" if lines else ""


def _text(text: str) -> str:
    return escape(text.encode("utf-8", "backslashreplace").decode())

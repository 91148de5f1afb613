"""A result as HTML that needs nothing else: no script, no font, no address. In a notebook it shows itself so."""

import re
from html import escape

from labkit.course.result import MARKS, NOT_STARTED, Judged, Result, shortened

STYLE = """
.check { font: 15px/1.5 system-ui, sans-serif; }
.check .headline { font-weight: 600; margin: .2rem 0; }
.check ul { list-style: none; margin: .3rem 0; padding: 0; }
.check dl { margin: .3rem 0 .6rem 1.4rem; }
.check dt { font-weight: 600; }
.check dd { margin: 0 0 .4rem 1rem; overflow-wrap: anywhere; }
.check pre { overflow-x: auto; padding: .5rem; border: 1px solid; border-radius: .3rem; font-size: .85rem; margin: 0; }
"""


def part(result: Result) -> str:
    """A part of a page: every check with a mark and a word, the first that failed in full."""
    rows = "".join(_check(result, check) for check in result.checks)
    begin = f"<p>{_told(result.hint)}</p>" if result.state == NOT_STARTED else ""
    note = f"<p>{_text(result.note)}</p>" if result.unrecorded else ""
    return (
        f'<div class="check"><style>{STYLE}</style><p class="headline">{_text(result.headline)}</p>{begin}'
        f"<ul>{rows}</ul>{_picture(result)}{note}</div>"
    )


def _check(result: Result, check: Judged) -> str:
    mark = f'<span aria-hidden="true">{MARKS[check.verdict]}</span> <b>{check.verdict}</b>'
    if result.state == NOT_STARTED:
        mark = '<span aria-hidden="true">○</span>'
    told = f"{mark} {_text(check.id)}: {_told(check.expected)}"
    if check is result.first_failed:
        return f"<li>{told}{_in_full(result, check)}</li>"
    came = f" <br>{_text(check.actual)}" if check.verdict != "pass" and result.state != NOT_STARTED else ""
    return f"<li>{told}{came}</li>"


def _in_full(result: Result, check: Judged) -> str:
    lines = "\n".join(shortened(check.evidence))
    rows = [
        ("Sent and came", f"<pre>{_text(lines)}</pre>" if lines else ""),
        ("Came", _text(check.actual)),
        ("Why", _told(result.why)),
        ("Hint", _told(result.hint)),
        ("Lesson", f'<a href="../notebooks/{result.exercise.lesson}.ipynb">{_text(result.exercise.lesson)}</a>'),
    ]
    return f"<dl>{''.join(f'<dt>{name}</dt><dd>{shown}</dd>' for name, shown in rows if shown)}</dl>"


def _picture(result: Result) -> str:
    """The series of the first check that failed, or of any, as an SVG with a text twin."""
    first = result.first_failed
    shown = first if first is not None and first.series else None
    return "" if shown is None else svg(shown)


def svg(check: Judged) -> str:
    """A line a series, over its numbers, with the highest value written out."""
    highest = max((max(values) for values in check.series.values() if values), default=1) or 1
    longest = max(len(values) for values in check.series.values())
    told = "; ".join(f"{name}: {len(v)} values, highest {max(v):g}" for name, v in check.series.items() if v)
    dashes = ("", "6 3", "2 3")
    lines = "".join(
        f'<polyline fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="{dashes[number % 3]}" '
        f'points="{_points(values, longest, highest)}"/>'
        for number, values in enumerate(check.series.values())
    )
    return (
        f'<figure><svg role="img" aria-label="{escape(told)}" viewBox="0 0 400 120" width="400" height="120">'
        f"{lines}</svg><figcaption>{_text(told)}</figcaption></figure>"
    )


def _points(values: tuple[float, ...], longest: int, highest: float) -> str:
    width = 390 / max(longest - 1, 1)
    return " ".join(
        f"{5 + number * width:.1f},{115 - 110 * value / highest:.1f}" for number, value in enumerate(values)
    )


def _text(text: str) -> str:
    return escape(text.encode("utf-8", "backslashreplace").decode())


def _told(text: str) -> str:
    """Words of ours, with code between backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", _text(text))

"""The result of a check with its evidence, as text, as JSON, and as HTML for a notebook.

The text contains no times, so a saved notebook is the same after every run.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, Literal

from labkit.course.exercise import Exercise
from labkit.evidence import outcome
from labkit.text.html import Markup, described, fill, join, text

Verdict = Literal["pass", "fail", "inconclusive"]
VERDICTS: dict[outcome.Verdict, Verdict] = {"held": "pass", "broken": "fail", "unknown": "inconclusive"}
MARKS = {word: outcome.MARKS[verdict] for verdict, word in VERDICTS.items()}
EXIT_CODES = {"pass": 0, "fail": 1, "inconclusive": 2}
NOT_STARTED = "not started"
DASHES = ("", "6 3", "2 3")
FIRST, LAST = 4, 10  # the lines of evidence that are shown, from its beginning and its end
STYLE = """
.check { font: 15px/1.5 system-ui, sans-serif; }
.check .headline { font-weight: 600; margin: .2rem 0; }
.check ul { list-style: none; margin: .3rem 0; padding: 0; }
.check dl { margin: .3rem 0 .6rem 1.4rem; }
.check dt { font-weight: 600; }
.check dd { margin: 0 0 .4rem 1rem; overflow-wrap: anywhere; }
.check pre { overflow-x: auto; padding: .5rem; border: 1px solid; border-radius: .3rem; font-size: .85rem; margin: 0; }
"""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check. `evidence`: one line per message or call; `misconception`: the tag of the likely cause.

    `series`: numbers to plot, by name.
    """

    id: str
    verdict: Verdict
    expected: str
    actual: str
    evidence: tuple[str, ...] = ()
    misconception: str | None = None
    series: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """As `labkit check --json` writes it."""
        names = ("id", "verdict", "expected", "actual")
        return {name: getattr(self, name) for name in names} | {"evidence": list(self.evidence)}


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """The result of judging one answer.

    `why` and `hints` belong to the first check that failed; `step` is the hint shown.
    """

    exercise: Exercise
    verdict: Verdict
    checks: tuple[CheckResult, ...]
    why: str = ""
    hints: tuple[str, ...] = ()
    step: int = 1
    state: Literal["judged", "not started"] = "judged"
    seconds: float = 0.0
    printed: str = ""
    unrecorded: str = ""  # why it could not be added to the learner's progress

    def __iter__(self) -> Iterator[CheckResult]:
        return iter(self.checks)

    @property
    def hint(self) -> str:
        """The hint for this step: where to look, what is wrong, or almost the line itself."""
        return self.hints[min(self.step, len(self.hints)) - 1] if self.hints else ""

    @property
    def first_failed(self) -> CheckResult | None:
        """The first check that failed, or None."""
        return next((check for check in self.checks if check.verdict == "fail"), None)

    def ids(self, verdict: Verdict) -> list[str]:
        """Return the ids of the checks with this verdict."""
        return [check.id for check in self.checks if check.verdict == verdict]

    def json(self) -> dict[str, Any]:
        """As `labkit check --json` writes it."""
        checks = [check.json() for check in self.checks]
        return {"exercise": self.exercise.id, "verdict": self.verdict, "checks": checks, "hint": self.hint}

    @property
    def headline(self) -> str:
        """A one-line summary of the result."""
        if self.state == NOT_STARTED:
            return f"{self.exercise.id}: {NOT_STARTED}"
        return f"{self.exercise.id}: {self.verdict}, {len(self.ids('pass'))} of {len(self.checks)} checks pass"

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        return as_html(self)

    def lines(self) -> Iterator[str]:
        """Yield the complete result as lines of text."""
        yield self.headline
        if self.state == NOT_STARTED:
            yield f"  {self.hint}"
        for check in self.checks:
            yield f"{MARKS[check.verdict]} {check.id}: {check.expected}"
            if check is self.first_failed:
                yield from _labelled("messages", shortened(check.evidence))
                yield f"    actual    {check.actual}"
                yield f"    why       {self.why}"
                yield f"    hint      {self.hint}"
                yield f"    lesson    notebooks/{self.exercise.lesson}.ipynb"
            elif check.verdict != "pass" and self.state != NOT_STARTED:
                yield f"    actual    {check.actual}"
        if self.printed and self.verdict != "pass":
            yield from _labelled("printed", self.printed.splitlines()[-FIRST:])
        if self.unrecorded:
            yield self.note

    @property
    def note(self) -> str:
        """A line that says why the result is missing from the learner's progress, or "" if it is there."""
        return f"not recorded: {self.unrecorded}" if self.unrecorded else ""


def shortened(lines: tuple[str, ...]) -> list[str]:
    """Return the evidence, without its middle part if it is long."""
    if len(lines) <= FIRST + LAST + 1:
        return list(lines)
    return [*lines[:FIRST], f"... {len(lines) - FIRST - LAST} more", *lines[-LAST:]]


def _labelled(name: str, lines: list[str]) -> Iterator[str]:
    for number, line in enumerate("\n".join(lines).split("\n")):
        yield f"    {name if number == 0 else '':<9} {line}"


# As HTML


def as_html(result: Result) -> str:
    """Return the result as HTML: each check with a mark and a word, and the first failed check in full."""
    rows = join("<li>{}{}</li>", ((_line(result, check), _found(result, check)) for check in result.checks))
    note = fill("<p>{}</p>", result.note) if result.unrecorded else ""
    begin = fill("<p>{}</p>", _code_marked(result.hint)) if result.state == NOT_STARTED else ""
    return fill(
        '<div class="check"><style>{}</style><p class="headline">{}</p>{}<ul>{}</ul>{}{}</div>',
        *(Markup(STYLE), result.headline, begin, rows, _picture(result), note),
    )


def _line(result: Result, check: CheckResult) -> Markup:
    mark = fill('<span aria-hidden="true">{}</span> <b>{}</b>', MARKS[check.verdict], check.verdict)
    if result.state == NOT_STARTED:
        mark = Markup('<span aria-hidden="true">○</span>')
    return fill("{} {}: {}", mark, check.id, _code_marked(check.expected))


def _found(result: Result, check: CheckResult) -> Markup:
    if check is result.first_failed:
        return _in_full(result, check)
    if check.verdict == "pass" or result.state == NOT_STARTED:
        return Markup()
    return fill(" <br>{}", check.actual)


def _in_full(result: Result, check: CheckResult) -> Markup:
    lines = "\n".join(shortened(check.evidence))
    rows: list[tuple[str, object]] = [
        ("Messages", fill("<pre>{}</pre>", lines) if lines else ""),
        ("Actual", check.actual),
        ("Why", _code_marked(result.why)),
        ("Hint", _code_marked(result.hint)),
        ("Lesson", fill('<a href="../notebooks/{0}.ipynb">{0}</a>', result.exercise.lesson)),
    ]
    return described(row for row in rows if row[1])


def _picture(result: Result) -> str:
    """Return a drawing of the series of the first check that failed, or "" if it has none."""
    first = result.first_failed
    shown = first if first is not None and first.series else None
    return "" if shown is None else svg(shown)


def svg(check: CheckResult) -> Markup:
    """Draw one line per series, as SVG with a caption that describes it in words."""
    highest = max((max(values) for values in check.series.values() if values), default=1) or 1
    longest = max(len(values) for values in check.series.values())
    caption = "; ".join(f"{name}: {len(v)} values, highest {max(v):g}" for name, v in check.series.items() if v)
    lines = join(
        '<polyline fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="{}" points="{}"/>',
        ((dash, _points(values, longest, highest)) for dash, values in zip(cycle(DASHES), check.series.values())),
    )
    return fill(
        '<figure><svg role="img" aria-label="{0}" viewBox="0 0 400 120" width="400" height="120">{1}</svg>'
        "<figcaption>{0}</figcaption></figure>",
        *(caption, lines),
    )


def _points(values: tuple[float, ...], longest: int, highest: float) -> str:
    width = 390 / max(longest - 1, 1)
    return " ".join(
        f"{5 + number * width:.1f},{115 - 110 * value / highest:.1f}" for number, value in enumerate(values)
    )


def _code_marked(words: str) -> Markup:
    """Escape labkit's own text, and mark up code between backticks."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(text(words))))

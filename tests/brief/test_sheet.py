"""The cheat sheet says what the server does: each code, each limit, each question with its chapter of probes."""

import html
import re

from labkit.brief.sheet import LIMITS, QUESTIONS, sheet
from labkit.review.probes import PROBES
from labkit.rules.close_codes import TABLE
from labkit.rules.limits import Limits


def test_every_close_code_stands_in_the_sheet_with_its_reaction() -> None:
    rows = re.findall(r'<tr class="\w+"><td class="n">(\d+)</td><td>(.*?)</td><td>(.*?)</td>', sheet())
    assert [(int(code), html.unescape(when), then) for code, when, then in rows] == [
        (row.code, row.when, row.then.value) for row in TABLE.values()
    ]


def test_limits_are_the_servers() -> None:
    shown = dict(re.findall(r"<td><code>(\w+)</code></td><td class=\"n\">([\d,]+)", sheet()))
    assert {name: float(value.replace(",", "")) for name, value in shown.items()} == {
        name: getattr(Limits(), name) for name, *_ in LIMITS
    }


def test_each_question_has_probes() -> None:
    assert len(QUESTIONS) == 7
    assert {chapter for _, chapter in QUESTIONS} <= {probe.chapter for probe in PROBES}

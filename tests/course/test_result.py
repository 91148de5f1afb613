"""A result as text, as JSON and as HTML."""

from dataclasses import replace

from labkit.course.exercises import exercise
from labkit.course.judging import not_started
from labkit.course.result import CheckResult, Result, as_html, svg

AUTH = exercise("02-auth")
LINES = tuple(f"a -> line {number}" for number in range(30))
FAILED = Result(
    exercise=AUTH,
    verdict="fail",
    checks=(
        CheckResult("runs", "pass", "it runs", "it does"),
        CheckResult("silence", "fail", "close 4401", "<b>nothing</b>", LINES, "no-auth-timeout"),
        CheckResult("stays", "inconclusive", "stays in", "shows nothing"),
    ),
    why="A client that sends nothing is kept.",
    hints=("Look.", "It waits.", "wait_for"),
    step=2,
)


def test_text_has_evidence_cause_hint_and_lesson() -> None:
    """Long evidence is shortened in the middle."""
    text = str(FAILED)
    assert text.startswith("02-auth: fail, 1 of 3 checks pass\n✓ runs: it runs\n✗ silence: close 4401\n")
    for word in (
        "messages  a -> line 0",
        "actual    <b>",
        "why       A client",
        "hint      It waits.",
        "notebooks/02_auth.ipynb",
    ):
        assert word in text
    assert "a -> line 3\n" in text and "... 16 more" in text and "line 29" in text and "line 4\n" not in text


def test_evidence_of_several_lines_stays_in_its_column() -> None:
    """So that a program that is copied from the text keeps its shape."""
    program = replace(FAILED.checks[1], evidence=("def f():\n    pass", "f()"))
    text = str(replace(FAILED, checks=(program,))).splitlines()
    assert [line[14:] for line in text[2:5]] == ["def f():", "    pass", "f()"]


def test_blank_as_text_lists_the_checks() -> None:
    """None of them has a result."""
    text = str(not_started(AUTH)).splitlines()
    assert text[0] == "02-auth: not started"
    assert len(text) == 2 + len(AUTH.checks)
    assert not any("came" in line for line in text)


def test_json_is_as_documented() -> None:
    """The names that CI and the board rely on."""
    text = FAILED.json()
    assert list(text) == ["exercise", "verdict", "checks", "hint"]
    assert (text["exercise"], text["verdict"], text["hint"]) == ("02-auth", "fail", "It waits.")
    assert list(text["checks"][1]) == ["id", "verdict", "expected", "actual", "evidence"]
    assert text["checks"][1]["evidence"] == list(LINES)


def test_html_escapes_what_an_answer_wrote() -> None:
    """Nothing that an answer wrote becomes markup."""
    page = as_html(FAILED)
    assert "<b>nothing</b>" not in page
    assert "&lt;b&gt;nothing&lt;/b&gt;" in page
    assert "<script" not in page
    assert FAILED._repr_html_() == page


def test_only_backticks_in_our_own_text_become_code() -> None:
    """Text that an answer wrote stays text."""
    page = as_html(replace(FAILED, hints=("`recv()` <waits>",)))
    assert "<dd><code>recv()</code> &lt;waits&gt;</dd>" in page
    judged = replace(FAILED.checks[1], actual="`x`")
    assert "<dd>`x`</dd>" in as_html(replace(FAILED, checks=(FAILED.checks[0], judged)))


def test_html_says_the_verdict_in_words() -> None:
    """A screen reader does not read the mark."""
    page = as_html(FAILED)
    assert '<span aria-hidden="true">✗</span> <b>fail</b> silence' in page


def test_series_is_drawn_with_a_caption_in_words() -> None:
    """It belongs to the first check that failed."""
    judged = replace(FAILED.checks[1], series={"buffer": (0.0, 5.0, 10.0), "limit": (8.0, 8.0)})
    drawn = svg(judged)
    assert 'aria-label="buffer: 3 values, highest 10; limit: 2 values, highest 8"' in drawn
    assert 'points="5.0,115.0 200.0,60.0 395.0,5.0"' in drawn
    assert drawn in as_html(replace(FAILED, checks=(FAILED.checks[0], judged)))

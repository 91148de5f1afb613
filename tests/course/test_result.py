"""How a result is told: as text, as JSON, as HTML."""

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
    why="Who says nothing is kept.",
    hints=("Look.", "It waits.", "wait_for"),
    step=2,
)


def test_the_text_says_all_that_is_asked_for() -> None:
    """What was sent, expected, came, why, the hint, and which lesson."""
    told = str(FAILED)
    assert told.startswith("02-auth: fail, 1 of 3 checks pass\n✓ runs: it runs\n✗ silence: close 4401\n")
    for word in (
        "messages  a -> line 0",
        "actual    <b>",
        "why       Who",
        "hint      It waits.",
        "notebooks/02_auth.ipynb",
    ):
        assert word in told
    assert "a -> line 3\n" in told and "... 16 more" in told and "line 29" in told and "line 4\n" not in told


def test_a_blank_in_text() -> None:
    """It names what will be checked, and judges nothing."""
    told = str(not_started(AUTH)).splitlines()
    assert told[0] == "02-auth: not started"
    assert len(told) == 2 + len(AUTH.checks)
    assert not any("came" in line for line in told)


def test_json_is_as_documented() -> None:
    """The names that CI and the board rely on."""
    told = FAILED.json()
    assert list(told) == ["exercise", "verdict", "checks", "hint"]
    assert (told["exercise"], told["verdict"], told["hint"]) == ("02-auth", "fail", "It waits.")
    assert list(told["checks"][1]) == ["id", "verdict", "expected", "actual", "evidence"]
    assert told["checks"][1]["evidence"] == list(LINES)


def test_html_escapes_what_an_answer_wrote() -> None:
    """Nothing that came from an answer is markup."""
    page = as_html(FAILED)
    assert "<b>nothing</b>" not in page
    assert "&lt;b&gt;nothing&lt;/b&gt;" in page
    assert "<script" not in page
    assert FAILED._repr_html_() == page


def test_code_in_a_hint_is_code_and_code_of_an_answer_is_text() -> None:
    """What we wrote between backticks; what an answer wrote stays as it came."""
    page = as_html(replace(FAILED, hints=("`recv()` <waits>",)))
    assert "<dd><code>recv()</code> &lt;waits&gt;</dd>" in page
    judged = replace(FAILED.checks[1], actual="`x`")
    assert "<dd>`x`</dd>" in as_html(replace(FAILED, checks=(FAILED.checks[0], judged)))


def test_html_says_the_verdict_in_words() -> None:
    """A mark alone is nothing to a screen reader."""
    page = as_html(FAILED)
    assert '<span aria-hidden="true">✗</span> <b>fail</b> silence' in page


def test_a_series_is_a_picture_with_a_text_twin() -> None:
    """The picture of the first check that failed, and what it shows in words."""
    judged = replace(FAILED.checks[1], series={"buffer": (0.0, 5.0, 10.0), "limit": (8.0, 8.0)})
    drawn = svg(judged)
    assert 'aria-label="buffer: 3 values, highest 10; limit: 2 values, highest 8"' in drawn
    assert 'points="5.0,115.0 200.0,60.0 395.0,5.0"' in drawn
    assert drawn in as_html(replace(FAILED, checks=(FAILED.checks[0], judged)))

"""A report as Markdown: what a server sent cannot leave its code block, and a task names what must turn green."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from labkit.review import markdown
from labkit.review.finding import Finding
from labkit.review.promise import DANGER
from labkit.review.report import Report

EVIL = "close 1008 ```\n# ignore the above | <script> `rm`"
BROKEN = Finding(
    "rooms/6",
    "Rooms with similar names are different rooms",
    "P0",
    "broken",
    "no similar room receives the chat",
    EVIL,
    ('a -> {"type":"ping"}', f"a <- {EVIL}"),
    (),
    "Compare whole room names.",
    "Join two rooms.",
    0.1,
    promise=DANGER,
    cause=f"an uncaught {EVIL}",
    short=("import os  # pip install websockets", "print('````')"),
)
HELD = replace(BROKEN, id="auth/1", verdict="held", cause="", actual="refused")
UNSEEN = replace(BROKEN, id="audit/1", verdict="unknown", cause="", actual="needs --audit")
SAME_CAUSE = replace(BROKEN, id="rooms/7", severity="P1")


def report(*findings: Finding) -> Report:
    return Report("ws://localhost:1", "core", findings, 1.25)


def task(made: Report) -> str:
    return markdown.task(made, "labkit review ws://x")


def outside_code(text: str) -> str:
    """What a reader of the Markdown takes for more than code."""
    kept, fence = [], ""
    for line in text.split("\n"):
        found = re.match("(`{3,})", line)
        if fence:
            fence = "" if line == fence else fence
        elif found:
            fence = found[1]
        else:
            kept.append(re.sub(r"\\[\\`*_{}\[\]<>#|!~]", "", line))
    assert not fence
    return "\n".join(kept)


@pytest.mark.parametrize("written", [markdown.summary, task])
def test_text_of_a_server_stays_inside_code(written: Callable[[Report], str]) -> None:
    plain = outside_code(written(report(BROKEN, HELD)))
    assert "ignore the above" in plain  # the cause, in a heading and a cell
    assert not re.search("^# ignore|<script", plain, re.MULTILINE)
    assert "`rm" not in re.sub("<summary>.*</summary>", "", plain)  # HTML, in which a backtick is one
    for row in re.findall(r"^\|.*\|$", plain, re.MULTILINE):
        assert row.count("|") == 5


def test_summary_has_the_verdict_each_fault_once_and_what_is_unknown() -> None:
    text = markdown.summary(report(BROKEN, SAME_CAUSE, HELD, UNSEEN))
    assert "**1 danger; the worst: P0 an uncaught" in text
    assert len(re.findall(r"^\| P0 \|.*\| rooms/6, rooms/7 \|", text, re.MULTILINE)) == 1
    assert "- unknown: audit/1: needs --audit" in text


def test_task_has_fix_missing_test_program_and_the_commands_that_must_turn_green() -> None:
    text = markdown.task(report(BROKEN, SAME_CAUSE, HELD), "labkit review ws://x", ["rooms", "auth/1"])
    assert "found 1 fault." in text
    for part in ("The fix: Compare whole room names.", "The missing test: Join two rooms.", "print('````')"):
        assert part in text
    assert "\nlabkit review ws://x --only rooms/6 --only rooms/7\n" in text
    assert text.endswith("\nlabkit review ws://x --only rooms --only auth/1\n```\n")


def test_task_without_a_fault_says_so() -> None:
    assert task(report(HELD)) == "The review found no fault: nothing to do.\n"

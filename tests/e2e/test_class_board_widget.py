"""The widget of `ClassBoard` in Chromium, with a kernel that the test plays: the board, and the votes above it."""

import json
from typing import Any

from playwright.sync_api import Page, expect

from labkit.views.class_board import HERE, Screen
from labkit.views.modules import inlined
from tests.e2e.axe import serious
from tests.e2e.visitors import Visit

RENDER = """async ([source, style]) => {
  const { default: widget } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const sheet = document.head.appendChild(document.createElement("style"));
  sheet.textContent = style;
  document.documentElement.lang = "en";
  document.title = "board";
  window.sent = [];
  let hear = null;
  const send = (message) => window.sent.push(message);
  const model = { on: (_, receive) => { hear = receive; }, off: () => {}, send };
  window.hear = (message) => hear(message);
  widget.render({ model, el: document.body.appendChild(document.createElement("main")) });
}"""
STUDENTS = {"ana": {"cells": {}, "devices": {}}, "vito": {"cells": {}, "devices": {}}}
SNAPSHOT = {"type": "snapshot", "now": 0, "board": {"exercises": ["01"], "students": STUDENTS}}
WHICH = {"type": "which", "votesRoom": "class:x:votes", "votesByName": False}
QUESTION: dict[str, Any] = {"id": "q1", "text": "Which <b>fills</b> first?", "options": ["ours", "theirs"], "round": 1}
COUNTING = {**QUESTION, "state": "counting", "voted": 1, "of": 2, "rounds": [[0, 1]], "missing": ["vito"], "rev": 1}


def hear(page: Page, **message: Any) -> None:
    page.evaluate("(message) => window.hear(message)", message)


def sent(page: Page) -> list[dict[str, Any]]:
    return json.loads(page.evaluate("JSON.stringify(window.sent)"))


def asked(page: Page, path: str) -> dict[str, Any]:
    """The newest request for a path, as soon as there is one that has no answer."""
    page.wait_for_function("(path) => window.sent.some((one) => one.path === path)", arg=path)
    return [one for one in sent(page) if one.get("path") == path][-1]


def rendered(visit: Visit) -> Page:
    page = visit("about:blank")
    page.evaluate(RENDER, [inlined(HERE / "class_board.js"), Screen._css])
    assert sent(page) == [{"ask": "everything"}]
    hear(page, events=[SNAPSHOT, {"type": "presence", "members": [{"userId": "ana"}]}, WHICH])
    return page


def test_votes_are_asked_drawn_and_closed_through_the_kernel(visit: Visit) -> None:
    page = rendered(visit)
    expect(page.locator(".board-vote")).to_be_hidden()
    hear(page, number=asked(page, "class/votes")["number"], answer={"questions": [COUNTING]})
    expect(page.locator(".vote-title")).to_have_text("Which <b>fills</b> first?")
    expect(page.locator(".vote-number").nth(1)).to_have_text("1 (100 %)")
    hear(page, events=[{"type": "comment", "roomId": "class:x:votes", "target": "q1"}])
    newer = {**COUNTING, "voted": 2, "rounds": [[1, 1]], "rev": 2}
    hear(page, number=asked(page, "class/votes?q1")["number"], answer={"questions": [newer]})
    expect(page.locator(".vote-number").first).to_have_text("1 (50 %)")
    page.get_by_role("button", name="Close the vote").click()
    request = asked(page, "class/votes/close")
    assert request["wish"] == {"question": "q1", "measured": None}
    hear(page, number=request["number"], error="the class file is busy; try again")
    expect(page.locator("main > [role=status]")).to_have_text("the class file is busy; try again")
    assert serious(page, "main") == []


def test_class_without_votes_shows_the_table_only(visit: Visit) -> None:
    page = visit("about:blank")
    page.evaluate(RENDER, [inlined(HERE / "class_board.js"), Screen._css])
    hear(page, events=[SNAPSHOT, {"type": "which", "class": "x"}])
    expect(page.locator(".board-table tbody tr")).to_have_count(2)
    assert sent(page) == [{"ask": "everything"}]
    assert page.locator(".board-vote").count() == 0

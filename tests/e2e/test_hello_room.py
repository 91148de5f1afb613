"""Notebook 01 as a learner meets it: the JupyterLab of `make lab`, in Chromium, buttons clicked, the panel moving."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.learner import Learner, classroom

CLICKS = 3


def ink(page: Page) -> int:
    """How many points of the first canvas are painted."""
    return int(
        page.locator(".labkit-panel canvas").first.evaluate(
            "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data"
            ".filter((value, place) => place % 4 === 3 && value > 0).length"
        )
    )


def first_number(page: Page, words: str) -> int:
    """The first number of at least two digits in the output that shows these words."""
    shown = page.locator(".jp-OutputArea-output").get_by_text(words).first.inner_text()
    return int(re.findall(r"\d{2,}", shown)[0])


@pytest.mark.timeout(300)  # a whole notebook in a browser, beside three others
def test_a_learner_runs_the_notebook_and_sees_the_room_live(
    chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABKIT_LINGER", "3")  # the panel stays until a slow browser has pressed its buttons
    with classroom(chromium, tmp_path) as room, room.opened("01_hello_room.ipynb", Learner, 1180, 900) as ana:
        page = ana.page
        ana.run_all()

        # The panel is there and moves.
        page.locator(".labkit-panel output", has_text="ms").first.wait_for()
        page.locator(".labkit-panel").scroll_into_view_if_needed()
        first = page.locator(".labkit-panel canvas").first.evaluate("canvas => canvas.toDataURL()")
        page.wait_for_function(
            "first => document.querySelector('.labkit-panel canvas').toDataURL() !== first", arg=first
        )
        assert ink(page) > 100

        # Its buttons work while it moves.
        page.get_by_role("button", name="say hi").click()
        page.get_by_role("button", name="many at once").click(click_count=CLICKS)
        page.locator(".labkit-panel figure").nth(1).scroll_into_view_if_needed()
        page.wait_for_timeout(4000)  # for the eye: some seconds of curve
        page.screenshot(path=tmp_path / "hello_room.png")

        # Every click was a burst as large as the script's own, and the notebook counts them all: "lost: 0 of N events".
        ana.text("lost: 0 of")
        many = first_number(page, "messages at once")
        assert first_number(page, "lost: 0 of") >= (1 + CLICKS) * many + len(["hi", "that was all"])

        # At the end a picture has taken the panel's place, and the lab is healthy.
        ana.finish("healthy: the server is running, 2 clients connected")
        expect(page.locator(".jp-OutputArea-output img").first).to_be_attached()
        page.screenshot(path=tmp_path / "end.png")

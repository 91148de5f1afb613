"""Notebook 01 as a learner meets it: the JupyterLab of `make lab`, in Chromium, buttons clicked, the panel moving."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.learner import Learner, classroom

BUFFER = "document.querySelectorAll('.labkit-panel output')[1]?.textContent.replace(',', '')"


def ink(page: Page) -> int:
    """How many points of the first canvas are painted."""
    return int(
        page.locator(".labkit-panel canvas").first.evaluate(
            "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data"
            ".filter((value, place) => place % 4 === 3 && value > 0).length"
        )
    )


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
        before = page.evaluate(f"parseFloat({BUFFER})")
        # The script has perhaps said as many at once before: only several bursts together surely make a larger buffer.
        page.get_by_role("button", name="many at once").click(click_count=5)
        page.wait_for_function(f"before => parseFloat({BUFFER}) > before", arg=before)
        page.locator(".labkit-panel figure").nth(1).scroll_into_view_if_needed()
        page.wait_for_timeout(4000)  # for the eye: some seconds of curve
        page.screenshot(path=tmp_path / "hello_room.png")

        # At the end a picture has taken its place, and the lab is healthy.
        ana.text("lost: 0")
        ana.finish("healthy: the server is running, 2 clients connected")
        expect(page.locator(".jp-OutputArea-output img").first).to_be_attached()
        page.screenshot(path=tmp_path / "end.png")

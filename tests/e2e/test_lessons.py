"""Lessons 00, 01 and use_cases in JupyterLab: their controls and predictions used as a learner does."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.axe import serious
from tests.e2e.learner import Classroom, Learner

pytestmark = pytest.mark.timeout(300)  # a whole notebook in a browser, beside three others


def slide(slider: Locator, key: str, times: int = 1) -> None:
    """Move a slider with the keyboard."""
    handle = slider.locator(".noUi-handle")
    handle.focus()
    for _ in range(times):
        handle.press(key)


def control(page: Page, label: str) -> Locator:
    """The slider or checkbox with this description."""
    return page.locator(".jupyter-widgets", has=page.locator(".widget-label", has_text=label)).last


def test_start_here_advises_by_what_was_measured(room: Classroom, tmp_path: Path) -> None:
    with room.opened("00_start_here.ipynb", Learner) as ana:
        page = ana.page
        ana.run_all()
        ana.finish()
        advice = page.locator(".jp-OutputArea-output p[role=status]")
        advice.scroll_into_view_if_needed()
        expect(advice).to_contain_text("server-sent events")
        bytes_before = page.locator(".jp-OutputArea-output caption + tbody, caption ~ tr").first.inner_text()
        slide(control(page, "updates per minute"), "PageUp", 2)
        expect(page.locator(".jp-OutputArea-output caption + tbody, caption ~ tr").first).not_to_have_text(bytes_before)
        page.get_by_label("the browser sends often, too").check()
        expect(advice).to_contain_text("WebSocket")
        page.get_by_label("the data must not be lost").check()
        expect(advice).to_contain_text("Save the data with an HTTP request first")
        page.get_by_label("the browser sends often, too").uncheck()
        slide(control(page, "acceptable delay, s"), "End")
        expect(advice).to_contain_text("polling")
        page.screenshot(path=tmp_path / "00.png")
        assert serious(page, "p[role=status]") == []
        assert ana.errors == []


def test_the_four_uses_end_as_they_should(room: Classroom, tmp_path: Path) -> None:
    with room.opened("use_cases.ipynb", Learner, height=1300) as ana:
        page = ana.page
        ana.run_all()
        bar = page.locator(".jp-OutputArea-output progress").first
        bar.wait_for()
        before = bar.get_attribute("value")
        expect(bar).not_to_have_attribute("value", str(before))
        ana.finish()
        for words in ("who closes this socket?", "<script>is shown as text</script>", "critical", "help"):
            ana.text(words)
        assert serious(page, ".jp-RenderedHTMLCommon table") == []
        page.screenshot(path=tmp_path / "use_cases.png")


def test_a_prediction_is_compared(room: Classroom, tmp_path: Path) -> None:
    with room.opened("01_hello_room.ipynb", Learner) as ana:
        page = ana.page
        below = page.locator(".jp-CodeCell").nth(3).locator(".cm-content")  # the cell below the question
        below.click()
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-above') }")
        page.get_by_label("it is delivered").press("Space")
        page.keyboard.press("ArrowDown")  # JupyterLab's own key too, in command mode
        expect(page.get_by_role("group", name="The token is valid.").get_by_label("it is ignored")).to_be_checked()
        below.click()
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-below') }")
        ana.text("You predicted: it is ignored")

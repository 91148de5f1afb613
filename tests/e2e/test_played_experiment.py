"""A played experiment in JupyterLab: it moves, its close is plain to see, and a film strip stays when the cell ends."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import serious
from tests.e2e.learner import Classroom, Learner

pytestmark = pytest.mark.timeout(300)

PLAY = """
import labkit, labkit.views
from labkit.bench.play.actions import freeze, heal
lab = labkit.Lab(messages_per_s=None, ping_interval_s=2, outbox_age_s=2).start()
run = await lab.play(members=10, rate=150, at={2: freeze("ben"), 11: heal("ben")}, seconds=15)
run.show()
"""


INSERT_AND_RUN = """async code => {
  const { commands, shell } = window.jupyterapp;
  await commands.execute("notebook:insert-cell-above");
  shell.currentWidget.content.activeCell.model.sharedModel.setSource(code);
  commands.execute("notebook:run-cell");
}"""


def play(page: Page, theme: str) -> None:
    """Play the experiment in a cell of its own, wherever the focus is."""
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    page.evaluate(INSERT_AND_RUN, PLAY.strip())


def picture(key: str) -> str:
    return f".labkit-play [data-key='{key}']"


@pytest.mark.parametrize(("theme", "width"), [("JupyterLab Light", 1280), ("JupyterLab Dark", 900)])
def test_experiment_moves_fails_and_freezes(room: Classroom, tmp_path: Path, theme: str, width: int) -> None:
    with room.opened("06_slow_consumers.ipynb", Learner, width, 1100) as ana:
        page = ana.page
        play(page, theme)
        level = page.locator(picture("outbox age"))
        level.wait_for(state="attached")
        page.wait_for_function(
            "place => Number(document.querySelector(place)?.getAttribute('height')) > 40", arg=picture("outbox age")
        )
        page.locator(".labkit-play").first.scroll_into_view_if_needed()
        page.screenshot(path=tmp_path / "filling.png")
        expect(page.locator(picture("client state"))).to_have_text("closed 1013 slow")
        page.screenshot(path=tmp_path / "closed.png")
        assert serious(page, ".labkit-play") == []
        expect(page.locator(".labkit-play p[role=status]")).to_contain_text("ben is back")
        page.locator(".labkit-play[data-story]").first.wait_for()
        expect(page.locator(".labkit-play[data-story] rect.closed-frame")).to_have_count(1)
        page.locator(".labkit-play[data-story]").first.scroll_into_view_if_needed()
        page.screenshot(path=tmp_path / "strip.png")
        slider = page.locator(".labkit-play input[type=range]")
        slider.scroll_into_view_if_needed()
        slider.focus()
        page.keyboard.press("Home")
        expect(page.locator(picture("clock"))).to_have_text("0.0 s")
        page.screenshot(path=tmp_path / "slider.png")
        assert ana.errors == []

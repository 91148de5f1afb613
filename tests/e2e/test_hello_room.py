"""Notebook 01 as a learner meets it: the JupyterLab of `make lab`, in Chromium, buttons clicked, the panel moving."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import jupyter_lab
from tests.e2e.need import ROOT

NOTEBOOK = "notebooks/01_hello_room.ipynb"
WORK_S = 90_000  # a whole notebook on a busy machine, in ms


@pytest.fixture(scope="module")
def lab_page(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The notebook, open and idle, in a working copy of the course."""
    home = tmp_path_factory.mktemp("home")
    course = home / "course"
    for name in ("notebooks", "exercises"):
        shutil.copytree(ROOT / name, course / name)
    with jupyter_lab(home, course) as address:
        page = chromium.new_page(viewport={"width": 1180, "height": 900})
        page.set_default_timeout(WORK_S)
        page.goto(address.format(path=NOTEBOOK))
        page.locator(".jp-NotebookPanel .jp-Notebook").wait_for()
        page.locator("#jp-main-statusbar").get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        page.keyboard.press("Control+b")  # the lesson without the file browser
        yield page
        page.close()


def run_all(page: Page) -> None:
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")


def ink(page: Page, number: int) -> int:
    """How many points of a canvas are painted."""
    return int(
        page.locator(".labkit-panel canvas")
        .nth(number)
        .evaluate(
            "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data"
            ".filter((value, place) => place % 4 === 3 && value > 0).length"
        )
    )


def pixels(page: Page) -> str:
    return str(page.locator(".labkit-panel canvas").first.evaluate("canvas => canvas.toDataURL()"))


def largest_buffer(page: Page) -> float:
    """What the second chart's text says of ana."""
    words = page.locator(".labkit-panel figure").nth(1).locator("output").first.inner_text()
    return float(words.split()[0].replace(",", ""))


def test_a_learner_runs_the_notebook_and_sees_the_room_live(lab_page: Page, tmp_path: Path) -> None:
    page = lab_page
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    run_all(page)

    # The panel is there and moves.
    page.locator(".labkit-panel output", has_text="ms").first.wait_for()
    page.locator(".labkit-panel").scroll_into_view_if_needed()
    first = pixels(page)
    page.wait_for_function(
        "first => document.querySelector('.labkit-panel canvas').toDataURL() !== first", arg=first, timeout=WORK_S
    )
    assert ink(page, 0) > 100

    # Its buttons work while it moves.
    page.get_by_role("button", name="say hi").click()
    before = largest_buffer(page)
    page.get_by_role("button", name="fifty at once").click()
    page.wait_for_function(
        "before => parseFloat(document.querySelectorAll('.labkit-panel figure')[1].querySelector('output')"
        ".textContent.replace(',', '')) > before",
        arg=before,
        timeout=WORK_S,
    )
    page.locator(".labkit-panel figure").nth(1).scroll_into_view_if_needed()
    page.wait_for_timeout(4000)  # for the eye: some seconds of curve
    page.screenshot(path=tmp_path / "hello_room.png")

    # At the end a picture has taken its place, and the lab is healthy.
    page.get_by_text("healthy: the server runs, 2 clients open").wait_for()
    expect(page.locator(".labkit-panel")).to_have_count(0)
    assert page.locator(".jp-OutputArea-output img").count() >= 1
    expect(page.get_by_text("every number once, in order: True").first).to_be_visible()
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert errors == []

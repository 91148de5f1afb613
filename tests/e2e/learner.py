"""A learner in JupyterLab: opens a notebook of a working copy, runs all of it, and looks."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from playwright.sync_api import Browser, Page, expect

from tests.e2e.jupyter import jupyter_lab, left
from tests.e2e.need import ROOT

Who = TypeVar("Who")
WORK_MS = 100_000  # a whole notebook on a busy machine


class Learner:
    """One notebook on the screen. `errors` are what the browser's console complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def run_all(self) -> None:
        """Run > Run All Cells, without waiting for the end."""
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")

    def text(self, words: str) -> None:
        """Wait until an output shows these words."""
        self.page.locator(".jp-OutputArea-output").get_by_text(words).first.wait_for()

    def finish(self, words: str = "healthy: the server is running") -> None:
        """Wait for the last cell; nothing failed on the way, and no live widget is left."""
        self.text(words)
        assert self.page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']").count() == 0
        assert self.page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
        expect(self.page.locator(".labkit-panel, .labkit-dashboard")).to_have_count(0)
        assert self.errors == []


class Classroom:
    """A working copy of the course in one JupyterLab, for one notebook after the other."""

    def __init__(self, chromium: Browser, home: Path, address: str) -> None:
        self._chromium = chromium
        self._home = home
        self._address = address

    @contextmanager
    def opened(self, notebook: str, meet: Callable[[Page], Who], width: int = 1280, height: int = 800) -> Iterator[Who]:
        """Whoever meets the page, when the notebook's kernel is idle; afterwards its kernel is shut down."""
        with self._visited(f"notebooks/{notebook}", meet, width, height) as (page, who):
            page.locator(".jp-NotebookPanel .jp-Notebook").wait_for()
            page.locator("#jp-main-statusbar").get_by_text("Python 3 (ipykernel) | Idle").wait_for()
            page.keyboard.press("Control+b")  # the lesson without the file browser
            yield who

    @contextmanager
    def arrived(self, meet: Callable[[Page], Who]) -> Iterator[Who]:
        """Whoever meets the page on which a working copy opens."""
        with self._visited(None, meet) as (_, who):
            yield who

    @contextmanager
    def _visited(
        self, path: str | None, meet: Callable[[Page], Who], width: int = 1280, height: int = 800
    ) -> Iterator[tuple[Page, Who]]:
        page = self._chromium.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(WORK_MS)
        who = meet(page)
        page.goto(self._address.replace("/lab/tree/{path}", "/") if path is None else self._address.format(path=path))
        yield page, who
        page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
        page.close()

    def left_of(self, notebook: str) -> list[str]:
        """The processes that outlived the notebook's kernel, the kernel included."""
        return left(f"JUPYTER_CONFIG_DIR={self._home}", f"JPY_SESSION_NAME={self._home}/course/notebooks/{notebook}")


@contextmanager
def classroom(chromium: Browser, home: Path) -> Iterator[Classroom]:
    """JupyterLab, as `make lab` starts it, on a copy of the course."""
    course = home / "course"
    for name in ("notebooks", "exercises"):
        shutil.copytree(ROOT / name, course / name)
    with jupyter_lab(home, course) as address:
        yield Classroom(chromium, home, address)

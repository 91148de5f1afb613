"""Chromium and JupyterLab for tests, each started here and stopped here."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.learner import Classroom, classroom
from tests.e2e.need import CHROMIUM_ARGS, chromium_path
from tests.e2e.visitors import Visit, visitors

expect.set_options(timeout=30_000)  # of ms: a machine that runs other tests beside these is slow, not broken


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is marked e2e."""
    for item in items:
        if "tests/e2e" in str(item.path):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="module")  # while it is open, its loop runs in this thread, and nothing else may run one
def chromium() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """Opens pages; none may complain in its console."""
    with visitors(chromium) as visit:
        yield visit


@pytest.fixture(scope="module")
def room(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Classroom]:
    """A working copy in one JupyterLab, for the tests of a file."""
    with classroom(chromium, tmp_path_factory.mktemp("classroom")) as room:
        yield room

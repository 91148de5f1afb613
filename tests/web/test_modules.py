"""The page's modules under node's own test runner: `tests/web/*.test.mjs`."""

import re
from pathlib import Path

import pytest

from tests.web.pages import HERE, WEB, in_node

SUITES = sorted(path.name for path in HERE.glob("*.test.mjs"))
LONGEST = 260


@pytest.mark.parametrize("suite", SUITES)
def test_suite_passes_in_node(suite: str, tmp_path: Path) -> None:
    done = in_node(tmp_path, "--test", "--test-reporter=tap", suite)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    passed = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert passed is not None
    assert int(passed[1]) >= 3, done.stdout


def test_suites_are_found() -> None:
    """A wrong pattern would test nothing."""
    assert {"connection.test.mjs", "watchdog.test.mjs", "room.test.mjs"} <= set(SUITES)


@pytest.mark.parametrize("path", sorted(WEB.glob("*.js")), ids=lambda path: path.name)
def test_module_has_header_and_limits(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("// ")
    assert text.count("\n") <= LONGEST
    assert max(map(len, text.splitlines())) <= 120
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", text) == []
    assert re.findall(r"localStorage|sessionStorage|document\.cookie|indexedDB", text) == []
    assert re.findall(r"\blocation\.|fetch\((?!beside\()|[\"'`]/(?![/*])\w", text) == [], "see place.js"


@pytest.mark.parametrize("name", ["index.html", "watch.html", "board.html", "setup.html", "doctor.html"])
def test_page_uses_its_own_files_only(name: str) -> None:
    """The content policy allows nothing inline and nothing from elsewhere."""
    text = (WEB / name).read_text(encoding="utf-8")
    assert re.findall(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*src=)", text) == []
    named = re.findall(r'(?:src|href|action)="([^"#]+)"', text)
    assert len(named) >= 4
    routes = "setup/"  # what a class's server offers there
    assert [one for one in named if not (WEB / one).is_file() and not one.startswith(routes)] == []

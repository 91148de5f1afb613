"""The page that tries a WebSocket, with a program in the place of the browser."""

import sys
import webbrowser
from pathlib import Path

import pytest

from labkit.doctor.checks.browser import browser

LOADS = """
import sys
from urllib.request import ProxyHandler, build_opener
opener = build_opener(ProxyHandler({}))
def get(path):
    return opener.open(sys.argv[1] + path, timeout=20).read().decode()
assert 'src="doctor.js"' in get("") and "WebSocket(" in get("doctor.js") and get("place.js")
"""
TRIES = """
from websockets.sync.client import connect
with connect(sys.argv[1].replace("http", "ws"), proxy=None) as socket:
    socket.send("hello")
    assert socket.recv() == "hello"
"""


def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Make a script the default browser."""
    path = tmp_path / "browser.py"
    path.write_text(script)
    monkeypatch.setattr(webbrowser, "get", lambda: None)
    monkeypatch.setattr(webbrowser, "open", webbrowser.GenericBrowser([sys.executable, str(path), "%s"]).open)


def test_websocket_works_in_the_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, LOADS + TRIES + "get('works')\n")
    notes: list[str] = []
    assert str(browser(notes.append)) == "WebSockets work in the browser"
    assert notes[0].startswith("open http://127.0.0.1:")


def test_websocket_blocked_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, LOADS + "get('fails')\n")
    found = browser(lambda _: None)
    assert found.status == "problem"
    assert found.text == "the browser loads pages from this machine, but cannot open a WebSocket"


def test_browser_that_shows_nothing_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, "")
    found = browser(lambda _: None, patience_s=0.5)
    assert (found.status, found.text) == ("problem", "the browser did not report back within 0.5 s")


def test_browser_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", missing)
    found = browser(lambda _: None, patience_s=0.2)
    assert (found.status, found.text) == ("warning", "no browser found, and none opened the page")

"""The page of `labkit doctor --browser` in Chromium."""

import webbrowser
from queue import SimpleQueue

import pytest
from playwright.sync_api import Browser, Page, expect

from labkit.doctor.checks import browser as check


@pytest.fixture
def page(chromium: Browser) -> Page:
    return chromium.new_page()


def test_websocket_works_in_chromium(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page reports while the check waits; it opens at the address that the check prints."""
    monkeypatch.setattr(webbrowser, "get", lambda: None)
    monkeypatch.setattr(webbrowser, "open", lambda address: True)
    found = check.browser(lambda words: page.goto(words.split()[1]))
    expect(page.locator("#result")).to_have_text("WebSockets work in this browser. You can close this page.")
    assert str(found) == "WebSockets work in the browser"


def test_websocket_blocked_in_chromium_is_reported(page: Page) -> None:
    reports: SimpleQueue[str] = SimpleQueue()
    page.add_init_script("window.WebSocket = class extends WebSocket { constructor() { super('ws://127.0.0.1:1'); } };")
    with check._page(reports) as address:
        page.goto(address)
        expect(page.locator("#result")).to_contain_text("cannot open a WebSocket")
        assert reports.get(timeout=20) == "fails"

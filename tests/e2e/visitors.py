"""People in front of the browser pages: what they do, what they see, and what the browser complains about."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, expect

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 860}
# The browser itself writes these about the network; no page can prevent it.
NETWORK = re.compile(r"net::ERR_|the server responded with a status of (401|403|429)|WebSocket connection to .* failed")
Visit = Callable[..., Page]


@contextmanager
def visitors(browser: Browser, *, trusts_anyone: bool = False) -> Iterator[Any]:
    """A function that opens a page as a new person; at the end no page may have complained.

    `trusts_anyone`: like a person who clicks past the warning about a self-signed certificate.
    """
    complaints: list[str] = []
    contexts = []

    def visit(url: str, *, scheme: str = "light", size: dict[str, int] = DESK, motion: str = "no-preference") -> Page:
        context = browser.new_context(
            color_scheme=scheme,  # type: ignore[arg-type]
            viewport=size,  # type: ignore[arg-type]
            reduced_motion=motion,  # type: ignore[arg-type]
            ignore_https_errors=trusts_anyone,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: complaints.extend(_complaint(message)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def _complaint(message: ConsoleMessage) -> list[str]:
    is_ours = message.type in ("error", "warning") and not NETWORK.search(message.text)
    return [message.text] if is_ours else []


def enter(page: Page, token: str = "dev-token", room: str = "room:demo") -> Page:
    """Sign in, and wait until the room is joined."""
    page.fill("#token", token)
    page.fill("#room", room)
    page.click("#connect")
    expect(page.locator("#state")).to_have_text("open")
    expect(shown(page, ".who-is-here")).to_contain_text("here")
    return page


def shown(page: Page, selector: str) -> Any:
    """What is visible of a selector: hidden rooms do not count."""
    return page.locator(f"{selector}:visible")


def say(page: Page, *texts: str) -> None:
    """Write into the box, with the keyboard."""
    for text in texts:
        page.fill("#text", text)
        page.press("#text", "Enter")


def texts(page: Page) -> list[str]:
    """What was said in the visible room and confirmed, in order."""
    return list(shown(page, ".log .said .text").all_inner_texts())


def overhang(page: Page) -> int:
    """By how many pixels the page, or a box of text in it, is wider than its place. Tabs and tables may scroll."""
    boxes = "[document.documentElement, ...document.querySelectorAll('.scroll, .wire, .who-is-here, .why, .closes')]"
    return int(page.evaluate(f"Math.max(...{boxes}.map((box) => box.scrollWidth - box.clientWidth))"))


def stored(page: Page) -> str:
    """All that the page left behind in the browser, and its address."""
    script = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href, history.state])"
    return str(page.evaluate(script))

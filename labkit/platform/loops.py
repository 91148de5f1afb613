"""What the event loops and selectors of this system can do."""

import asyncio
import selectors
import sys
from time import sleep

from labkit.platform.packages import missing

NO_UVLOOP = (
    "uvloop does not run on Windows; omit --loop" if sys.platform == "win32" else missing("uvloop", "omit --loop")
)
_WITH_A_BITMAP = "SelectSelector"
_BITMAP_SOCKETS = 512  # Windows: CPython's FD_SETSIZE


def watches_sockets(loop: asyncio.AbstractEventLoop) -> bool:
    """Return whether a loop has `add_reader`. Windows' usual loop has not: it completes operations instead."""
    return type(loop).add_reader is not asyncio.AbstractEventLoop.add_reader


def most_watched() -> int | None:
    """Return how many sockets one selector can watch; None without a bound."""
    return _BITMAP_SOCKETS if selectors.DefaultSelector.__name__ == _WITH_A_BITMAP else None


def ready(selector: selectors.BaseSelector, longest_s: float) -> list[selectors.SelectorKey]:
    """Return what is ready within this time. Windows refuses to wait for no sockets at all, so this sleeps instead."""
    if selector.get_map():
        return [key for key, _ in selector.select(longest_s)]
    sleep(longest_s)
    return []

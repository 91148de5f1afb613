"""What answers say: a server that we do not know may say anything."""

import re
from typing import Any, NamedTuple

from labkit.review.finding import CannotTell

_STATUS = re.compile(rb"HTTP/1\.\d (\d{3})")
_RETRY = re.compile(r"retry=(\d{1,9})")


class HttpAnswer(NamedTuple):
    """An HTTP answer."""

    status: int
    body: bytes


def status_of(head: bytes) -> int:
    """The status that a head tells; 0 where none came. Raises CannotTell for what no web server says."""
    found = _STATUS.match(head)
    if head and found is None:
        raise CannotTell(f"no web server answered: {head[:40]!r} came")
    return int(found[1]) if found else 0


def retry_s(reason: str) -> float:
    """The slot in a reason, in seconds; 1 without one."""
    found = _RETRY.search(reason)
    return int(found[1]) / 1000 if found else 1.0


def window_ms(told: Any) -> int:
    """The window that a `reconnect` tells; 0 for what is no number of milliseconds."""
    return int(told) if type(told) in (int, float) and 0 < told < 1e12 else 0

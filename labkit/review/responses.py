"""Parse what an unknown server sends: HTTP status lines, retry times and reconnect windows."""

import re
from typing import Any, NamedTuple

from labkit.evidence import CannotTell

_STATUS = re.compile(rb"HTTP/1\.\d (\d{3})")
_RETRY = re.compile(r"retry=(\d{1,9})")


class HttpResponse(NamedTuple):
    """The response to a plain HTTP request."""

    status: int
    body: bytes
    head: bytes = b""


def status_of(head: bytes) -> int:
    """Return the HTTP status in a response head, or 0 if the head is empty. Raises CannotTell if it is not HTTP."""
    found = _STATUS.match(head)
    if head and found is None:
        raise CannotTell(f"no web server answered: it sent {head[:40]!r}")
    return int(found[1]) if found else 0


def retry_s(reason: str) -> float:
    """Return the retry time in a close reason, in seconds, or 1 if there is none."""
    found = _RETRY.search(reason)
    return int(found[1]) / 1000 if found else 1.0


def window_ms(value: Any) -> int:
    """Return the window of a `reconnect`, in milliseconds, or 0 if it is not a valid number."""
    return int(value) if type(value) in (int, float) and 0 < value < 1e12 else 0

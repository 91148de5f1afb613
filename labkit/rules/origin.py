"""Which web pages may open a connection: the Origin header against an allow-list. Taught in notebook 02 (auth).

A browser sends Origin with every WebSocket handshake and a page cannot forge it, so this stops a foreign page from
using a visitor's network place. Programs send none and pass: they hold a credential or they do not.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


def is_allowed(origin: str | None, host: str | None, *, on_loopback: bool, allow: Collection[str]) -> bool:
    """Whether a handshake may go on. `host` is the Host header; `allow` holds origins such as `https://a.example`.

    On loopback any localhost origin passes, and `null`, which a page opened from a file sends.
    Off loopback, an Origin equal to Host passes.
    """
    if origin is None or origin in allow:
        return True
    if on_loopback:
        return origin == "null" or _host_of(origin) in LOCAL_HOSTS
    return host is not None and _authority_of(origin) == host.lower()


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).hostname
    except ValueError:
        return None


def _authority_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None

"""Which web pages may open a connection: the Origin header against an allow-list. Taught in notebook 02 (auth).

A browser sends Origin with every WebSocket handshake and a page cannot forge it, so this stops a foreign page from
using a visitor's network place. Programs send none and pass: they hold a credential or they do not.
"""

import re
from collections.abc import Collection

from labkit.rules.loopback import host_of, is_loopback

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(.+)")
OPAQUE = "null"  # the Origin of a page opened from a file, and of every sandboxed frame, whichever site it is from


def is_allowed(origin: str | None, host: str | None, *, on_loopback: bool, allow: Collection[str]) -> bool:
    """Whether a handshake may go on. `host` is the Host header; `allow` holds origins such as `https://a.example`.

    On loopback any localhost origin passes. Off loopback, an Origin equal to Host passes. `null` passes only when it is
    in `allow`: it names no page, so with a token that everybody knows it would let any page in.
    """
    if origin is None or origin in allow:
        return True
    if on_loopback:
        host_name = _host_of(origin)
        return host_name is not None and is_loopback(host_name)
    return host is not None and _authority_of(origin) == host.lower()


def _host_of(origin: str) -> str | None:
    authority = _authority_of(origin)
    return None if authority is None else host_of(authority)


def _authority_of(origin: str) -> str | None:
    match = _ORIGIN.fullmatch(origin.lower())
    return None if match is None or host_of(match[1]) is None else match[1]

"""Decide which web pages may connect, by checking the Origin header against an allowlist.

A browser sends Origin with every WebSocket handshake, and a page cannot forge it. The check keeps foreign pages from
connecting through a visitor's browser. Programs without an Origin pass; they need a credential anyway.
"""

import re
from collections.abc import Collection

from labkit.rules.loopback import host_of, is_loopback

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(.+)")
OPAQUE = "null"  # the Origin of every page opened from a file, and of every site's sandboxed frames


def is_allowed(origin: str | None, host: str | None, *, on_loopback: bool, allow: Collection[str]) -> bool:
    """Return whether a page with this origin may connect.

    `host` is the Host header; `allow` holds origins such as `https://a.example`. A server on loopback allows every
    localhost origin; any other server allows an Origin that matches Host. `null` is allowed only if `allow` contains
    it. It identifies no page, so with a well-known token it would let any page in.
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

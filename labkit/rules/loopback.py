"""Detect whether a request comes directly from a program on this machine, by its address and headers.

A local proxy also connects from a loopback address, so the address alone proves nothing. A proxied request gives
itself away: it is addressed to a public name, or it has a header that proxies add.
"""

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache

MAX_SHOWN = 100  # characters of a Host header, which is untrusted input
_AUTHORITY = re.compile(r"(?:\[([^\[\]]*)\]|([\w.~-]*))(?::[0-9]*)?", re.ASCII)
_NUMBER = re.compile(r"0x[0-9a-f]+|[0-9]+")
# No browser adds an X- header to a handshake, and almost every proxy adds one.
_FROM_A_PROXY = re.compile(
    r"x-.*|via|early-data|max-forwards|scheme|https"
    r"|b3|trace(?:parent|state)|(?:.*-)?(?:request|trace|correlation|rndr)-id"  # a hop numbers what it passes on
    r"|.*(?:forwarded|client-?ip|real-?ip|src-?ip|remote-?(?:addr|user)|client-?cert|connecting|original|proxy|cdn).*"
    r"|(?:.*-)?(?:ip|ipaddr|ipaddress)(?:-.*)?"  # a client address, under any name
    r"|(?:akamai|ali|cf|cloudfront|fastly|fly|front-end|incap|ngrok|oidc|ssl|surrogate|tailscale|true-client)-.*"
)


@lru_cache(maxsize=1024)
def is_loopback(host: str) -> bool:
    """Return whether a host means this machine: localhost, its subdomains, or a loopback address in any notation."""
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return _first_byte(name) == 127
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def host_of(authority: str) -> str | None:
    """Return the host from a Host header such as `host:port` or `[address]:port`; None for anything else."""
    match = _AUTHORITY.fullmatch(authority)
    return None if match is None else match[1] or match[2] or None


def came_through(host: str | None, header_names: Iterable[str] = ()) -> str | None:
    """Return the evidence that a request came through a proxy, or None if there is none.

    `host` is the value of the Host header.
    """
    for header in header_names:
        if _FROM_A_PROXY.fullmatch(header.lower().replace("_", "-")):
            return f"it has the header {header[:MAX_SHOWN]}, which proxies add"
    name = None if host is None else host_of(host)
    if host is None or name is None or not is_loopback(name):
        shown = "no host" if host is None else repr(host[:MAX_SHOWN])
        return f"it is addressed to {shown}, not to localhost"
    return None


def _first_byte(text: str) -> int | None:
    """Return the first byte of an IPv4 address in a legacy notation such as 127.1, 0177.0.0.1 or 0x7f000001."""
    parts = text.split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    try:
        *numbers, last = [int(part, 16 if "x" in part else 8 if part[0] == "0" else 10) for part in parts]
    except ValueError:
        return None
    bits = 8 * (4 - len(numbers))
    if last >= 1 << bits or any(number > 255 for number in numbers):
        return None
    return numbers[0] if numbers else last >> 24

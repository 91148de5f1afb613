"""Check a room server's address before using it. The error never repeats a secret."""

from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

EXAMPLE = "ws://localhost:8080"
STAYS = "/%:@!$&'()*+,;=~"  # RFC 3986: characters that need no encoding in a path; % is for already encoded ones


def checked(url: str) -> str:
    """Return the address with its path percent-encoded. Raises ValueError, whose message never repeats a secret."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError(f"this is not the address of a room server; use an address such as {EXAMPLE}") from None
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("do not put a secret in a URL, where logs and proxies record it; pass the ticket separately")
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        # Anything else may be a ticket, because the two arguments are easily swapped.
        what = repr(url) if parts.scheme in ("ws", "wss", "http", "https") else "this"
        raise ValueError(f"{what} is not the address of a room server; {_advice(parts)}")
    return urlunsplit(parts._replace(path=quote(parts.path, safe=STAYS)))


def _advice(parts: SplitResult) -> str:
    if parts.scheme in ("http", "https"):
        return f"use ws{parts.scheme[4:]}:// instead of {parts.scheme}://"
    return f"use an address such as {EXAMPLE}"

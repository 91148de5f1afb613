"""Check the address of a room server before it is used, without repeating a secret in the error."""

from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

EXAMPLE = "ws://localhost:8080"
STAYS = "/%:@!$&'()*+,;=~"  # RFC 3986: what a path may hold as it is, and the percent sign of what was encoded


def checked(url: str) -> str:
    """Return the address, its path percent-encoded. Raises ValueError, whose text repeats no possible secret."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError(f"this is not the address of a room server; one looks like {EXAMPLE}") from None
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("secrets do not belong in a URL, where logs and proxies keep them; give the ticket by itself")
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        # Anything else may be a ticket, as the two arguments are easily swapped.
        what = repr(url) if parts.scheme in ("ws", "wss", "http", "https") else "this"
        raise ValueError(f"{what} is not the address of a room server; {_advice(parts)}")
    return urlunsplit(parts._replace(path=quote(parts.path, safe=STAYS)))


def _advice(parts: SplitResult) -> str:
    if parts.scheme in ("http", "https"):
        return f"say ws{parts.scheme[4:]}:// instead of {parts.scheme}://"
    return f"one looks like {EXAMPLE}"

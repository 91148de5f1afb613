"""HTTP requests to a room server: list its connections, fetch a ticket, revoke a user.

Secrets are sent in headers, never in the URL.
"""

import base64
import gzip
import json
import ssl
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import quote
from urllib.request import Request

from labkit.bench.tunnel import opener
from labkit.platform.proxies import ForwardProxy

TIMEOUT_S = 5.0


def connections(url: str, ops_token: str) -> list[dict[str, Any]]:
    """Return one dict per connection (see `wire.http.connections`). `url` is the ws:// address. Raises OSError."""
    return list(json.loads(ask(url, "/connections", f"Bearer {ops_token}")))


def ticket(url: str, name: str, code: str, tls: ssl.SSLContext | None = None, proxy: ForwardProxy | None = None) -> str:
    """Fetch a fresh ticket for a user. Raises OSError (urllib's HTTPError if the code is wrong)."""
    return str(json_of(ask(url, "/ticket", basic(name, code), b"", tls, proxy))["ticket"])


def basic(name: str, code: str) -> str:
    """Return an HTTP Basic Authorization header for a name and a code."""
    return "Basic " + base64.b64encode(f"{name}:{code}".encode()).decode()


def revoke(url: str, ops_token: str, user: str) -> None:
    """Close every connection of a user with 4410. Raises OSError."""
    ask(url, f"/revoke/{quote(user, safe='')}", f"Bearer {ops_token}", b"")


def json_of(body: bytes) -> dict[str, Any]:
    """Parse an answer as a JSON object. Raises OSError for anything else, which is usually temporary."""
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ConnectionError("the answer came from something other than a room server, such as a network's login page")
    return answer


def ask(
    url: str,
    path: str,
    authorization: str | None = None,
    body: bytes | None = None,
    tls: ssl.SSLContext | None = None,
    proxy: ForwardProxy | None = None,
    more_headers: Mapping[str, str] | None = None,
) -> bytes:
    """Send a request (a POST if there is a body) and return the answer's body. `url` is ws://. Raises OSError.

    It goes through `proxy` or, whatever the environment says, directly.
    """
    address = url.replace("ws", "http", 1).rstrip("/") + path
    headers = {"Accept-Encoding": "gzip"} | ({} if authorization is None else {"Authorization": authorization})
    headers |= more_headers or {}
    try:
        with opener(proxy, tls).open(Request(address, data=body, headers=headers), timeout=TIMEOUT_S) as answer:
            body = bytes(answer.read())
            return gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body
    except (
        HTTPException
    ) as error:  # the server was killed in the middle of its answer, which urllib does not report as an OSError
        raise ConnectionError(f"the server hung up: {error!r}") from None

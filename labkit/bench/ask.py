"""The HTTP side of a room server, asked from outside: its connections, a ticket, a revocation.

Secrets travel in headers, never in the address. Taught in notebook 02 (auth).
"""

import base64
import gzip
import json
import ssl
from http.client import HTTPException
from typing import Any
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

TIMEOUT_S = 5.0
_opener = build_opener(ProxyHandler({}))  # a proxy in the environment is not meant for a server on this machine


def connections(url: str, ops_token: str) -> list[dict[str, Any]]:
    """A dictionary per connection, as `wire.http.connections` makes it. `url` is the ws:// address. Raises OSError."""
    return list(json.loads(ask(url, "/connections", f"Bearer {ops_token}")))


def ticket(url: str, name: str, code: str, tls: ssl.SSLContext | None = None) -> str:
    """A fresh ticket of a user. Raises OSError (urllib's HTTPError for a wrong code)."""
    return str(json_of(ask(url, "/ticket", basic(name, code), b"", tls))["ticket"])


def basic(name: str, code: str) -> str:
    """What HTTP Basic says of a name and a code."""
    return "Basic " + base64.b64encode(f"{name}:{code}".encode()).decode()


def revoke(url: str, ops_token: str, user: str) -> None:
    """Close every connection of a user with 4410."""
    ask(url, f"/revoke/{user}", f"Bearer {ops_token}", b"")


def json_of(body: bytes) -> dict[str, Any]:
    """An answer of ours as an object. Raises OSError for a page of the network's own in its place: later, then."""
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise ConnectionError("something else than a room server answers there, such as a network's log-in page")
    return told


def ask(
    url: str, path: str, authorization: str | None = None, body: bytes | None = None, tls: ssl.SSLContext | None = None
) -> bytes:
    """The body of one answer. `url` is the ws:// or wss:// address, a body makes it a POST. Raises OSError."""
    address = url.replace("ws", "http", 1).rstrip("/") + path
    headers = {"Accept-Encoding": "gzip"} | ({} if authorization is None else {"Authorization": authorization})
    opener = _opener if tls is None else build_opener(ProxyHandler({}), HTTPSHandler(context=tls))
    try:
        with opener.open(Request(address, data=body, headers=headers), timeout=TIMEOUT_S) as answer:
            body = bytes(answer.read())
            return gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body
    except HTTPException as error:  # killed in the middle of its answer: no OSError to urllib
        raise ConnectionError(f"the server hung up: {error!r}") from None

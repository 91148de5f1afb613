"""The HTTP side of a room server, asked from outside: its connections, a ticket, a revocation.

Secrets travel in headers, never in the address. Taught in notebook 02 (auth).
"""

import base64
import json
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

TIMEOUT_S = 5.0
_opener = build_opener(ProxyHandler({}))  # a proxy in the environment is not meant for a server on this machine


def connections(url: str, ops_token: str) -> list[dict[str, Any]]:
    """A dictionary per connection, as `wire.describe` makes it. `url` is the ws:// address. Raises OSError."""
    return list(json.loads(_ask(url, "/connections", f"Bearer {ops_token}")))


def ticket(url: str, name: str, code: str) -> str:
    """A fresh ticket of a user. Raises OSError (urllib's HTTPError for a wrong code)."""
    basic = base64.b64encode(f"{name}:{code}".encode()).decode()
    return str(json.loads(_ask(url, "/ticket", f"Basic {basic}", b""))["ticket"])


def revoke(url: str, ops_token: str, user: str) -> None:
    """Close every connection of a user with 4410."""
    _ask(url, f"/revoke/{user}", f"Bearer {ops_token}", b"")


def _ask(url: str, path: str, authorization: str, body: bytes | None = None) -> bytes:
    address = url.replace("ws", "http", 1).rstrip("/") + path
    request = Request(address, data=body, headers={"Authorization": authorization})
    with _opener.open(request, timeout=TIMEOUT_S) as answer:
        return bytes(answer.read())

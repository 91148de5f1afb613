"""The HTTP request that some servers want before a handshake: it sets a cookie, or answers with a ticket."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from labkit.evidence import CannotTell
from labkit.review.responses import HttpResponse

_COOKIE = re.compile(rb"^set-cookie: *([^;\r\n]+)", re.IGNORECASE | re.MULTILINE)


class LoggedIn(NamedTuple):
    """What a login gives: the cookies to send, and the token to authenticate with, each "" if there is none."""

    cookie: str
    token: str


class Asking(Protocol):
    """What sends a plain HTTP request."""

    async def http(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: str = ""
    ) -> HttpResponse:
        """Send it."""
        ...


async def log_in(asking: Asking, login: Mapping[str, str], token: str) -> LoggedIn:
    """Log in as the dialect says; `token` replaces $TOKEN in its body. Raises CannotTell if the server refuses."""
    path, method, body = login["path"], login.get("method", "POST"), login.get("body", "").replace("$TOKEN", token)
    headers = {"Content-Type": login.get("type", "application/json"), "Content-Length": str(len(body.encode()))}
    answer = await asking.http(method, path, headers, body)
    if not 200 <= answer.status < 400:
        raise CannotTell(f"the login {method} {path} got HTTP {answer.status}; see [login] of the dialect")
    cookies = "; ".join(one.decode("latin-1") for one in _COOKIE.findall(answer.head))
    return LoggedIn(cookies, _token_in(answer.body, login["token"]) if "token" in login else "")


def _token_in(body: bytes, path: str) -> str:
    """Return the token in a JSON answer, which may be sent in chunks."""
    try:
        value: Any = json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])
        for part in path.split("."):
            value = value[part]
    except (ValueError, KeyError, TypeError):
        value = None
    if not isinstance(value, str):
        raise CannotTell(f"the answer to the login has no text at {path}; see [login] of the dialect")
    return value

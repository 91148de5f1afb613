"""POST requests of a class server, which carry base64 JSON in the header `Vote`, and its answers.

A header, because the server accepts no body and a URL may end up in a log. `packed` is the sender's side.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from websockets.http11 import Request, Response

from labkit.rules.answers import encode
from labkit.wire.audit.schema import AuditError
from labkit.wire.http.reply import reply

HEADER = "Vote"
BUSY = "the class file is busy; try again"


class BadPost(ValueError):
    """The request cannot be read or makes no sense; the message says what to change."""


class Refusal(ValueError):
    """The request cannot be granted now; the message says why."""


def packed(wish: Mapping[str, Any]) -> dict[str, str]:
    """Return the header that carries a request."""
    return {HEADER: base64.b64encode(json.dumps(wish).encode()).decode()}


def posted(request: Request, kind: Any) -> Any:
    """Return the content of a request. Raises BadPost."""
    try:
        return msgspec.json.decode(base64.b64decode("".join(request.headers.get_all(HEADER)), validate=True), type=kind)
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadPost(f"the header {HEADER} must be JSON in base64, with the fields that this path takes") from None


def answered(work: Callable[[], Any]) -> Response:
    """Answer with the result of `work`, or with the reason for a refusal."""
    try:
        return reply(HTTPStatus.OK, encode(work()), "application/json")
    except BadPost as error:
        return reply(HTTPStatus.BAD_REQUEST, f"{error}\n")
    except Refusal as error:
        return reply(HTTPStatus.CONFLICT, f"{error}\n")
    except AuditError:
        return reply(HTTPStatus.SERVICE_UNAVAILABLE, f"{BUSY}\n")

"""What a class server accepts by POST, and how it answers: JSON in base64 in the header `Vote`.

The server accepts no body, and logs may keep a URL. `packed` is the sender's side.
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
    """What was posted cannot be read or has no sense; the message says what to change."""


class Refusal(ValueError):
    """What is asked is not possible now; the message says why."""


def packed(wish: Mapping[str, Any]) -> dict[str, str]:
    """Return the header that carries a wish."""
    return {HEADER: base64.b64encode(json.dumps(wish).encode()).decode()}


def posted(request: Request, kind: Any) -> Any:
    """Return what a request carries. Raises BadPost."""
    try:
        return msgspec.json.decode(base64.b64decode("".join(request.headers.get_all(HEADER)), validate=True), type=kind)
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadPost(f"the header {HEADER} must be JSON in base64, with the fields that this path takes") from None


def answered(work: Callable[[], Any]) -> Response:
    """Answer with what `work` returns, or with the sentence that says why it is refused."""
    try:
        return reply(HTTPStatus.OK, encode(work()), "application/json")
    except BadPost as error:
        return reply(HTTPStatus.BAD_REQUEST, f"{error}\n")
    except Refusal as error:
        return reply(HTTPStatus.CONFLICT, f"{error}\n")
    except AuditError:
        return reply(HTTPStatus.SERVICE_UNAVAILABLE, f"{BUSY}\n")

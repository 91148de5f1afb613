"""Build HTTP responses, with the headers that all of them share."""

from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.http11 import Response

Respond = Callable[[Response], None]
Later = Callable[[Respond], None]  # a delayed response: a function that is given the function to send it with


def reply(
    status: HTTPStatus, body: str | bytes, content_type: str = "text/plain; charset=utf-8", **extra: str
) -> Response:
    """Build an HTTP response. Keyword arguments become extra headers, with `_` replaced by `-`."""
    data = body.encode() if isinstance(body, str) else body
    fixed = {
        "Date": formatdate(usegmt=True),
        "Connection": "close",
        "Content-Length": str(len(data)),
        "Content-Type": content_type,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    headers = Headers(fixed | {name.replace("_", "-"): value for name, value in extra.items()})
    return Response(status.value, status.phrase, headers, data)

"""The browser pages: files from labkit/web, read once and sent with a strict content security policy.

Only files found there at the start are served, so a request path never reaches the file system.
"""

from functools import cache
from http import HTTPStatus
from pathlib import Path

from websockets.http11 import Response

from labkit.wire.http.reply import reply

FOLDER = Path(__file__).parents[2] / "web"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' ws: wss:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


@cache
def _files() -> dict[str, tuple[str, bytes]]:
    return {
        f"/{path.name}": (TYPES[path.suffix], path.read_bytes()) for path in FOLDER.iterdir() if path.suffix in TYPES
    }


def page(path: str) -> Response:
    """Return a page, or a 404 response. `/watch` means `/watch.html`."""
    found = _files().get(path) or _files().get(f"{path}.html")
    if found is None:
        return reply(HTTPStatus.NOT_FOUND, "page not found\n")
    content_type, body = found
    return reply(HTTPStatus.OK, body, content_type, Content_Security_Policy=POLICY, Referrer_Policy="no-referrer")

"""The opening request of a usual client, read and answered without the library.

Why: after a restart everybody comes back at once, and the library's handshake is most of what a new connection costs:
a protocol object, a generator for each line, headers that keep their order and their case. 90 us of it become 12.

What it costs: a second reader of requests. So it takes only what is beyond doubt: GET, HTTP/1.1, each header at most
once and of a kind that changes nothing, the values that every client sends. One that offers a subprotocol, says that a
proxy forwarded it, or is wrong in any way is the library's. The two are fuzzed against each other.
Lesson: notebook 07 (storms).
"""

import re
from email.utils import formatdate
from functools import lru_cache
from time import time
from typing import NamedTuple

from websockets.utils import accept_key

MOST_BYTES = 4096
_HEAD = re.compile(rb"GET /[!-~]* HTTP/1\.1\r\n((?:[A-Za-z-]+: ?[!-~](?:[ -~]*[!-~])?\r\n)+)\r\n")
_KEY = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==")
_CHANGES_NOTHING = frozenset(
    [
        "accept",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "cookie",
        "dnt",
        "host",
        "origin",
        "pragma",
        "sec-fetch-dest",
        "sec-fetch-mode",
        "sec-fetch-site",
        "sec-websocket-key",
        "user-agent",
    ]
)
_SAID = {
    "upgrade": {"websocket"},
    "connection": {"upgrade", "keep-alive, upgrade"},
    "sec-websocket-version": {"13"},
    "sec-websocket-extensions": {"permessage-deflate", "permessage-deflate; client_max_window_bits"},  # offered in vain
}


class Usual(NamedTuple):
    """What a handshake is judged by, and what it is answered."""

    origin: str | None
    host: str
    key: str

    def answer(self) -> bytes:
        """The response that makes the connection a WebSocket."""
        return (
            f"HTTP/1.1 101 Switching Protocols\r\nDate: {_date(int(time()))}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accept_key(self.key)}\r\n\r\n"
        ).encode()


def read_usual(head: bytes) -> Usual | None:
    """The request in a whole head, up to its empty line; None when there is anything special about it."""
    match = _HEAD.fullmatch(head) if len(head) <= MOST_BYTES else None
    if match is None:
        return None
    headers: dict[str, str] = {}
    for line in match[1].decode().split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip()
        if name in headers or not (name in _CHANGES_NOTHING or value.lower() in _SAID.get(name, ())):
            return None
        headers[name] = value
    key = headers.get("sec-websocket-key", "")
    is_whole = {"host", "upgrade", "connection", "sec-websocket-version"} <= headers.keys()
    return Usual(headers.get("origin"), headers["host"], key) if is_whole and _KEY.fullmatch(key) else None


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)

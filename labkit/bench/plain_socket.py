"""A WebSocket client of the plainest kind, for crowds: bytes in, messages out; no socket, no clock, no loop of its own.

bench.load.run and bench.storm.real make thousands of connections in one process; a full client costs too much there. It
speaks as much of RFC 6455 as a room server needs. Not for production: that is wire.client.client.
"""

import json
import struct
from typing import Any, NamedTuple
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
NO_MASK = bytes(4)  # a mask hides nothing from a server, and zeros are a legal one
MOST_HEAD_BYTES = 16_384


class Closed(NamedTuple):
    """The server's close frame."""

    code: int
    reason: str


class NotAWebSocket(ConnectionError):
    """The server answered the handshake with something else; the text is its first line."""


class PlainSocket:
    """One connection. `take` bytes as they come; what must be sent at once is in `answers`."""

    def __init__(self) -> None:
        self.is_open = False
        self.answers = b""  # pongs
        self._buffer = bytearray()

    def take(self, data: bytes) -> "list[dict[str, Any] | Closed]":
        """The messages that are whole now. Raises NotAWebSocket; ConnectionError for frames that no server sends."""
        self._buffer += data
        if not self.is_open and not self._shake_hands():
            return []
        taken: list[dict[str, Any] | Closed] = []
        while (found := self._frame()) is not None:
            opcode, payload = found
            if opcode == TEXT:
                taken.append(_message(payload))
            elif opcode == CLOSE:
                taken.append(_closed(payload))
            elif opcode == PING:
                self.answers += frame(PONG, payload)
        return taken

    def _shake_hands(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 and len(self._buffer) < MOST_HEAD_BYTES:
            return False
        first = bytes(self._buffer[:100]).split(b"\r\n")[0].decode("latin-1")
        if " 101" not in first:
            raise NotAWebSocket(f"no WebSocket but: {first}")
        del self._buffer[: end + 4]
        self.is_open = True
        return True

    def _frame(self) -> tuple[int, bytes] | None:
        """The next whole frame: a server's has no mask, and ours sends no fragments."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, at = buffer[1], 2
        if size > 127 or not buffer[0] & 0x80:
            raise ConnectionError("a masked or fragmented frame, which no room server sends")
        if size > 125:
            at = 4 if size == 126 else 10
            if len(buffer) < at:
                return None
            size = int.from_bytes(buffer[2:at], "big")
        if len(buffer) < at + size:
            return None
        found = buffer[0] & 0x0F, bytes(buffer[at : at + size])
        del buffer[: at + size]
        return found


def upgrade(url: str) -> bytes:
    """The request that asks for a WebSocket."""
    parts = urlsplit(url)
    lines = (
        f"GET {parts.path or '/'} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: bGFia2l0IGlzIGEgbGFiLg==",
        "Sec-WebSocket-Version: 13",
    )
    return "\r\n".join([*lines, "", ""]).encode()


def frame(opcode: int, payload: bytes) -> bytes:
    """One frame, as a client sends it."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
    else:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    return head + NO_MASK + payload


def text(message: dict[str, Any]) -> bytes:
    """A message as a frame."""
    return frame(TEXT, json.dumps(message, separators=(",", ":")).encode())


def _message(payload: bytes) -> dict[str, Any]:
    message = json.loads(payload)
    return message if isinstance(message, dict) else {}


def _closed(payload: bytes) -> Closed:
    if len(payload) < 2:
        return Closed(1005, "")
    return Closed(int.from_bytes(payload[:2], "big"), payload[2:].decode("utf-8", "replace"))

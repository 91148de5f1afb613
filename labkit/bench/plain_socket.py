"""A minimal WebSocket client for load and storms: bytes in, messages out, with no socket, clock or event loop.

Thousands of these fit into one process, where a full client costs too much. It implements as much of RFC 6455 as a room
server needs. For production use wire.client.client instead.
"""

import json
import struct
from typing import Any, NamedTuple
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
NO_MASK = bytes(4)  # masks are for proxies of untrusted pages; a tester may use zeros, which cost nothing
MOST_HEAD_BYTES = 16_384


class CloseFrame(NamedTuple):
    """The server's close frame."""

    code: int
    reason: str


class NotAWebSocket(ConnectionError):
    """The server answered the handshake with something else; the message is its first line."""


class PlainSocket:
    """One connection. The caller sends the frames in `pongs` and then empties it."""

    def __init__(self) -> None:
        self.is_open = False
        self.pongs = b""
        self._buffer = bytearray()

    def receive(self, data: bytes) -> "list[dict[str, Any] | CloseFrame]":
        """Add received bytes, and return the messages that they complete.

        Raises NotAWebSocket, and ConnectionError for frames that no room server sends.
        """
        self._buffer += data
        if not self.is_open and not self._shake_hands():
            return []
        received: list[dict[str, Any] | CloseFrame] = []
        while (found := self._next_frame()) is not None:
            opcode, payload = found
            if opcode == TEXT:
                message = json.loads(payload)
                received.append(message if isinstance(message, dict) else {})
            elif opcode == CLOSE:
                received.append(_close_frame(payload))
            elif opcode == PING:
                self.pongs += frame(PONG, payload)
        return received

    def _shake_hands(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 and len(self._buffer) < MOST_HEAD_BYTES:
            return False
        first = bytes(self._buffer[:100]).split(b"\r\n")[0].decode("latin-1")
        if " 101" not in first:
            raise NotAWebSocket(f"not a WebSocket server; it answered: {first}")
        del self._buffer[: end + 4]
        self.is_open = True
        return True

    def _next_frame(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, at = buffer[1], 2
        if size > 127 or not buffer[0] & 0x80:
            raise ConnectionError("a masked or fragmented frame arrived, which no room server sends")
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
    """Return an HTTP request that opens a WebSocket."""
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
    """Encode one client frame; the payload has at most 65,535 bytes."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
    else:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    return head + NO_MASK + payload


def text(message: dict[str, Any]) -> bytes:
    """Encode a message as a text frame."""
    return frame(TEXT, json.dumps(message, separators=(",", ":")).encode())


def _close_frame(payload: bytes) -> CloseFrame:
    if len(payload) < 2:
        return CloseFrame(1005, "")
    return CloseFrame(int.from_bytes(payload[:2], "big"), payload[2:].decode("utf-8", "replace"))

"""Find where one WebSocket frame ends and the next begins (RFC 6455 section 5.2), without holding back a byte.

    0                   1                   2                   3
    F R R R opcode | M  length (7) | length (16 or 64) | mask (32) | payload ...

The stream begins with an HTTP head. If that is not an upgrade to WebSocket, everything passes unchanged. Payloads are
not read, so masks do not matter.
"""

from copy import deepcopy
from typing import NamedTuple, Self

CLOSE, PING, PONG = 0x8, 0x9, 0xA
FIRST_CONTROL = 0x8
MOST_HEAD_BYTES = 16 * 1024


class Piece(NamedTuple):
    """Bytes that belong to one frame, or to no frame if the opcode is None."""

    raw: bytes
    opcode: int | None = None
    is_final: bool = False  # the frame is the last, or only, fragment of its message
    begins: bool = False
    ends: bool = False

    @property
    def ends_message(self) -> bool:
        """Whether this piece completes a text or binary message."""
        return self.ends and self.is_final and self.opcode is not None and self.opcode < FIRST_CONTROL


class FrameCutter:
    """Cuts a stream at its frame boundaries, whatever chunks it arrives in."""

    def __init__(self) -> None:
        self._head: bytearray | None = bytearray()  # the HTTP head so far; None once it is complete
        self._is_something_else = False
        self._header = bytearray()  # the current frame's
        self._left: int | None = None  # payload bytes still to come; None while the header is incomplete

    @property
    def is_between_frames(self) -> bool:
        """Whether the next byte starts a frame."""
        return self._head is None and not self._is_something_else and not self._header

    def copy(self) -> Self:
        """Return another cutter at the same position."""
        return deepcopy(self)

    def cut(self, data: bytes) -> list[Piece]:
        """Cut bytes into pieces, each within one frame."""
        pieces = []
        while data:
            pieces.append(self.first(data))
            data = data[len(pieces[-1].raw) :]
        return pieces

    def first(self, data: bytes) -> Piece:
        """Return the first piece of the data. The caller passes the rest to the next call."""
        if self._is_something_else:
            return Piece(data)
        return self._in_head(self._head, data) if self._head is not None else self._in_frame(data)

    def _in_head(self, head: bytearray, data: bytes) -> Piece:
        before = len(head)
        head += data
        end = head.find(b"\r\n\r\n")
        if end < 0:
            self._is_something_else = len(head) > MOST_HEAD_BYTES
            return Piece(data)
        self._is_something_else = b"upgrade: websocket" not in head[:end].lower()
        self._head = None
        return Piece(data[: end + 4 - before])

    def _in_frame(self, data: bytes) -> Piece:
        begins = not self._header
        taken = 0
        while self._left is None and taken < len(data):
            self._header.append(data[taken])
            self._left = _payload_bytes(self._header)
            taken += 1
        if self._left is not None:
            more = min(self._left, len(data) - taken)
            taken += more
            self._left -= more
        first, ends = self._header[0], self._left == 0
        if ends:
            self._header.clear()
            self._left = None
        return Piece(data[:taken], first & 0x0F, bool(first & 0x80), begins, ends)


def _payload_bytes(header: bytearray) -> int | None:
    """Return the payload's length, or None while the header is incomplete."""
    if len(header) < 2:
        return None
    length = header[1] & 0x7F
    extended = {126: 2, 127: 8}.get(length, 0)
    mask = 4 if header[1] & 0x80 else 0
    if len(header) < 2 + extended + mask:
        return None
    return int.from_bytes(header[2 : 2 + extended], "big") if extended else length

"""Frames into whole text messages: fragments, size, kind and UTF-8, judged before anybody reads the text.

Taught in notebook 04 (validation).
"""

from websockets.frames import Frame, Opcode

from labkit.rules.actions import Close
from labkit.rules.close_codes import CloseCode, row

TOO_LARGE = Close(CloseCode.INVALID_MESSAGE, "message too large")
NOT_TEXT = Close(CloseCode.UNSUPPORTED_DATA, row(CloseCode.UNSUPPORTED_DATA).reason)
NOT_UTF8 = Close(CloseCode.INVALID_UTF8, row(CloseCode.INVALID_UTF8).reason)


class Assembly:
    """The fragments of the message that one peer is sending."""

    __slots__ = ("_max_bytes", "_parts", "_size")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, frame: Frame) -> bytes | Close | None:
        """Take a data frame: a whole message, the close it earns, or None while fragments are missing."""
        if frame.opcode is Opcode.BINARY:
            return NOT_TEXT
        self._parts.append(bytes(frame.data))
        self._size += len(frame.data)
        if self._size > self._max_bytes:
            return TOO_LARGE
        if not frame.fin:
            return None
        message = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return message if message.isascii() or _is_utf8(message) else NOT_UTF8


def _is_utf8(message: bytes) -> bool:
    try:
        message.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True

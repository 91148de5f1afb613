"""Assemble frames into text messages. Check the type, size and encoding before anything else reads the text."""

from websockets.frames import Frame, Opcode

from labkit.rules.actions import Close
from labkit.rules.close_codes import CloseCode, row

TOO_LARGE = Close(CloseCode.INVALID_MESSAGE, "message too large")
NOT_TEXT = Close(CloseCode.UNSUPPORTED_DATA, row(CloseCode.UNSUPPORTED_DATA).reason)
NOT_UTF8 = Close(CloseCode.INVALID_UTF8, row(CloseCode.INVALID_UTF8).reason)


class MessageAssembly:
    """A peer's partial message. Fragments are joined as they arrive, because a peer may send many empty ones."""

    __slots__ = ("_max_bytes", "_message")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._message = bytearray()

    def add(self, frame: Frame) -> bytes | Close | None:
        """Add a data frame. Return the whole message, a close if it is invalid, or None until it is complete."""
        if frame.opcode is Opcode.BINARY:
            return NOT_TEXT
        self._message += frame.data
        if len(self._message) > self._max_bytes:
            return TOO_LARGE
        if not frame.fin:
            return None
        message = bytes(self._message)
        self._message.clear()
        return message


def is_utf8(message: bytes) -> bool:
    """Return whether bytes are valid UTF-8."""
    if message.isascii():
        return True
    try:
        message.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True

"""Read short text frames without the library.

Workload: chats in a room. The library's parser is a generator that resumes for each part of a frame, which takes 5 us
for a chat of 100 bytes. Most frames are complete, final, masked, short text frames. Slicing one apart takes 0.5 us.

Cost: a second parser of untrusted input. It reads only whole frames, and only while the library is between messages.
Everything else, including every error, goes to the library. `FrameCursor` tracks the library's position. The two
parsers are fuzzed against each other, and a test checks that this version of the library has been reviewed.
"""

from collections.abc import Iterator

try:
    from websockets.speedups import apply_mask
except ImportError:  # the library was built without its C extension
    from websockets.utils import apply_mask

TEXT_FIN = 0x81
IS_MASKED = 0x80
MOST_HEAD = 14


def short_texts(data: bytes, max_bytes: int) -> Iterator[tuple[bytes, int]]:
    """Yield each short text frame at the start of the data, as its message and the offset of the next frame."""
    at, size = 0, len(data)
    while size - at >= 6 and data[at] == TEXT_FIN:
        length, start = data[at + 1] - IS_MASKED, at + 6
        if length == 126 and size - at >= 8:
            length, start = data[at + 2] << 8 | data[at + 3], at + 8
        elif not 0 <= length < 126:
            return
        at = start + length
        if at > size or length > max_bytes:
            return
        yield apply_mask(data[start:at], data[start - 4 : start]), at


def one_short_text(data: bytes, max_bytes: int) -> bytes | None:
    """Return the message if the data is exactly one short text frame, as it nearly always is; otherwise None."""
    size = len(data)
    if size < 6 or data[0] != TEXT_FIN:
        return None
    length, start = data[1] - IS_MASKED, 6
    if length == 126 and size >= 8:
        length, start = data[2] << 8 | data[3], 8
    elif length > 125:
        return None
    if start + length != size or length > max_bytes:
        return None
    return apply_mask(data[start:], data[start - 4 : start])


class FrameCursor:
    """Tracks the library's position in its input: between messages, in a frame header, or in a payload."""

    __slots__ = ("_head", "_is_in_message", "_left")

    def __init__(self) -> None:
        self._head = b""
        self._left = 0  # payload bytes still to come
        self._is_in_message = False

    @property
    def is_between_messages(self) -> bool:
        """Whether the next byte can start a message."""
        return not self._left and not self._head and not self._is_in_message

    def advance(self, data: bytes) -> None:
        """Move past bytes that the library has read without an error."""
        at = 0
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
            else:
                head = self._head + data[at : at + MOST_HEAD - len(self._head)]
                needed = _head_bytes(head)
                step = min(needed, len(head)) - len(self._head)
                self._head = head[:needed]
                if len(self._head) == needed:
                    self._begin(self._head)
            at += step

    def _begin(self, head: bytes) -> None:
        is_final, opcode, length = head[0] & 0x80, head[0] & 0x0F, head[1] & 0x7F
        if opcode < 8:  # ignores control frames, which may come between fragments
            self._is_in_message = not is_final
        if length > 125:
            length = int.from_bytes(head[2 : 4 if length == 126 else 10], "big")
        self._head, self._left = b"", length


def _head_bytes(head: bytes) -> int:
    """Return the length of a client frame's header, judging by the bytes received so far."""
    if len(head) < 2:
        return 2
    return {126: 8, 127: 14}.get(head[1] & 0x7F, 6)

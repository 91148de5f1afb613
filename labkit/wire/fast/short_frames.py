"""Short text frames, read without the library: what nearly every packet holds.

Why: the library's parser is a generator that resumes for each part of a frame. That is right for every frame there
can be, and takes 5 us for a chat of 100 bytes; a frame that is complete, final, masked, text and short is 0.5 us of
slicing. Most frames of a room are of that kind.

What it costs: a second reader of bytes that strangers send. So it takes whole frames or nothing, and only where the
library would stand between two messages; everything else, every error included, is the library's. Where the library
then stands is counted (`FrameCursor`). Both readers are fuzzed against each other, and a test looks whether
the library is one that was looked at.
"""

from collections.abc import Iterator

try:
    from websockets.speedups import apply_mask
except ImportError:  # the library without its C extension
    from websockets.utils import apply_mask

TEXT_FIN = 0x81
IS_MASKED = 0x80
MOST_HEAD = 14


def short_texts(data: bytes, max_bytes: int) -> Iterator[tuple[bytes, int]]:
    """The short text frames at the beginning of the data: each message, and where the next frame begins."""
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
    """The message, where the data is one short text frame and nothing else, as it nearly always is."""
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
    """The library's position in its stream: between messages, in a frame head, or in a payload. It only counts."""

    __slots__ = ("_head", "_is_in_message", "_left")

    def __init__(self) -> None:
        self._head = b""
        self._left = 0  # of a frame whose head has been seen
        self._is_in_message = False

    @property
    def is_between_messages(self) -> bool:
        """Whether a message may begin with the next byte."""
        return not self._left and not self._head and not self._is_in_message

    def advance(self, data: bytes) -> None:
        """The library was given these bytes, and has not failed."""
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
        if opcode < 8:  # control frames may come between the parts of a message
            self._is_in_message = not is_final
        if length > 125:
            length = int.from_bytes(head[2 : 4 if length == 126 else 10], "big")
        self._head, self._left = b"", length


def _head_bytes(head: bytes) -> int:
    """How long the head of a client's frame is, as far as it has been seen."""
    if len(head) < 2:
        return 2
    return {126: 8, 127: 14}.get(head[1] & 0x7F, 6)

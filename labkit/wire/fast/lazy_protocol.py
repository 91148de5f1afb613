"""A connection's protocol object from the websockets library, kept only while it is needed.

    bytes --> short_texts --> message, message, ...     while the library is forgotten
      |
      +-----> the library --> frame, frame, ...         from the first byte of anything else

The plain path passes every byte to the library's object and keeps it for the whole connection. The fast path reads
short messages itself. It needs the object only for the handshake, for a ping or a long message, and for the closing
handshake. Between messages it drops the object, and creates a new one for the next frame that needs it.

Workload: idle members, which take 3.7 KB less each. Cost: a ping takes 8 us more, and `short_frames.FrameCursor` must
track the library's position in the stream.
"""

from collections.abc import Iterable, Iterator
from typing import cast

from websockets.frames import Frame
from websockets.protocol import State

from labkit.rules.limits import Limits
from labkit.wire.fast.short_frames import FrameCursor, one_short_text, short_texts
from labkit.wire.frames import Frames


class LazyProtocol:
    """Turns bytes into messages and frames. `frames` is the library's object itself."""

    __slots__ = ("_cursor", "_frames", "_limits", "is_connecting")

    def __init__(self, limits: Limits) -> None:
        self.is_connecting = True  # until the handshake is finished
        self._limits = limits
        self._frames: Frames | None = None
        self._cursor: FrameCursor | None = None

    @property
    def frames(self) -> Frames:
        """The library's object, which is created if necessary."""
        if self._frames is None:
            self._frames = Frames(self._limits, State.CONNECTING if self.is_connecting else State.OPEN)
        return self._frames

    @property
    def is_forgotten(self) -> bool:
        """Whether there is no library object, so the next message can be read without it."""
        return self._frames is None

    def read(self, data: bytes) -> Iterable[bytes | Frame]:
        """Yield what these bytes complete: the text of short messages, and all other frames from the library.

        If handling one of them creates the library object, for example to close, the library reads the rest.
        """
        message = one_short_text(data, self._limits.max_message_bytes) if self._frames is None else None
        return self._read_all(data) if message is None else (message,)

    def _read_all(self, data: bytes) -> Iterator[bytes | Frame]:
        at = 0
        if self._frames is None:
            for message, end in short_texts(data, self._limits.max_message_bytes):
                at = end
                yield message
                if self._frames is not None:
                    break
        if at < len(data):
            yield from self._receive(data[at:] if at else data)

    def _receive(self, data: bytes) -> list[Frame]:
        if self._cursor is None:
            self._cursor = FrameCursor()
        self._cursor.advance(data)
        self.frames.receive_data(data)
        return cast(list[Frame], self.frames.events_received())

    def forget(self) -> None:
        """Drop the library object, unless it is in the middle of a message or a close."""
        is_between = self._cursor is None or self._cursor.is_between_messages
        if is_between and self._frames is not None and self._frames.state is State.OPEN and self._limits.fast_path:
            self._frames = self._cursor = None

"""WebSocket frames: the library's Sans-I/O protocol with our close reasons, and the frame we build once a room.

The library parses, checks masks and lengths, answers pings and does the closing handshake; it never touches a socket.
`wire.connection` gives it bytes and takes bytes from it. Notebook 01 shows the frames, 06 why one is built once.
"""

import logging

from websockets.frames import CloseCode as LibraryCloseCode
from websockets.protocol import State
from websockets.server import ServerProtocol

from labkit.rules.close_codes import TABLE, CloseCode
from labkit.rules.limits import Limits

# At DEBUG the library logs whole frames, and an auth frame holds a token: this logger never goes below WARNING.
_LOGGER = logging.getLogger("labkit.wire.frames")
_LOGGER.setLevel(logging.WARNING)

TEXT_FIN = 0x81


class Frames(ServerProtocol):
    """The protocol of one connection, from the handshake to the last frame, or from some frame on."""

    def __init__(self, limits: Limits, state: State = State.CONNECTING) -> None:
        # A frame too big is refused from its header; a message too big, in however many frames, by `wire.assembly`.
        super().__init__(state=state, max_size=(None, limits.max_frame_bytes), logger=_LOGGER)

    def fail(self, code: LibraryCloseCode | int, reason: str = "") -> None:
        """Close because the peer broke the protocol, with a reason from our table instead of the library's."""
        known = TABLE.get(int(code))
        super().fail(code, known.reason if known else "")

    @property
    def ending_code(self) -> int:
        """The code of the close frame that came first, ours or the peer's; 1006 without one."""
        first = self.close_rcvd if self.close_rcvd_then_sent else self.close_sent or self.close_rcvd
        return CloseCode.NO_CLOSE_FRAME if first is None else first.code


def text_frame(body: bytes) -> bytes:
    """A whole text message as one server frame: no mask, so that every member can be sent the same bytes."""
    size = len(body)
    if size < 126:
        return bytes((TEXT_FIN, size)) + body
    if size < 65536:
        return bytes((TEXT_FIN, 126)) + size.to_bytes(2, "big") + body
    return bytes((TEXT_FIN, 127)) + size.to_bytes(8, "big") + body

"""WebSocket frames: the library's sans-I/O protocol with our close reasons, and the server's text frames.

The library parses frames, checks masks and lengths, answers pings, and performs the closing handshake. It never touches
a socket: `wire.connection` passes bytes in and out.
"""

import logging

from websockets.frames import CloseCode as LibraryCloseCode
from websockets.protocol import State
from websockets.server import ServerProtocol

from labkit.rules.close_codes import TABLE, CloseCode
from labkit.rules.limits import Limits

# At DEBUG the library logs whole frames, and an auth frame contains a token. So this logger never goes below WARNING.
_LOGGER = logging.getLogger("labkit.wire.frames")
_LOGGER.setLevel(logging.WARNING)

TEXT_FIN = 0x81


class Frames(ServerProtocol):
    """The library's protocol object for one connection. `state` OPEN skips the handshake."""

    def __init__(self, limits: Limits, state: State = State.CONNECTING) -> None:
        # The library rejects a large frame by its header; `wire.message_assembly` rejects a large fragmented message.
        super().__init__(state=state, max_size=(None, limits.max_frame_bytes), logger=_LOGGER)

    def fail(self, code: LibraryCloseCode | int, reason: str = "") -> None:
        """Close after a protocol violation, with a reason from our table rather than the library's."""
        known = TABLE.get(int(code))
        super().fail(code, known.reason if known else "")

    @property
    def ending_code(self) -> int:
        """The code of the first close frame, ours or the peer's, or 1006 if there was none."""
        first = self.close_rcvd if self.close_rcvd_then_sent else self.close_sent or self.close_rcvd
        return CloseCode.NO_CLOSE_FRAME if first is None else first.code


def text_frame(body: bytes) -> bytes:
    """Build an unmasked text frame. Its bytes are the same for every member."""
    size = len(body)
    if size < 126:
        return bytes((TEXT_FIN, size)) + body
    if size < 65536:
        return bytes((TEXT_FIN, 126)) + size.to_bytes(2, "big") + body
    return bytes((TEXT_FIN, 127)) + size.to_bytes(8, "big") + body

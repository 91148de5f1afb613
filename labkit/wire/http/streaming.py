"""Response bodies that are sent in pieces, so that a large download costs little memory and delays no member.

One pump sends for all downloads: a piece of one, then whatever else the event loop has to do, then a piece of the next.
Pieces are read in a thread, as a disk may be slow, and a download waits while its client takes no more.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterator
from http import HTTPStatus
from time import monotonic

from websockets.http11 import Response

from labkit.platform.os_errors import describe
from labkit.platform.sockets import end_our_half, reset
from labkit.wire.http.reply import reply

_LOGGER = logging.getLogger(__name__)
PIECE_BYTES = 64 * 1024
STALLED_S = 60.0  # without progress for so long, the client is gone: 200 clients on bad Wi-Fi may take 15 s for a round


class Streamed(Response):
    """A response whose body is `pieces`, of at most PIECE_BYTES each."""

    pieces: Iterator[bytes] = iter(())


def streamed(
    status: HTTPStatus, pieces: Iterator[bytes], size: int, content_type: str = "application/octet-stream", **extra: str
) -> Streamed:
    """Build a response with a body of `size` bytes; the keywords are further headers, with `_` for `-`."""
    head = reply(status, b"", content_type, **{"Content_Length": str(size), **extra})
    response = Streamed(head.status_code, head.reason_phrase, head.headers, b"")
    response.pieces = pieces
    return response


class Download:
    """The body of one response on its way to its client."""

    def __init__(self, transport: asyncio.Transport, pieces: Iterator[bytes]) -> None:
        self.transport = transport
        self.pieces = pieces
        self.is_paused = False
        self.moved_at = monotonic()

    def left_s(self, now: float) -> float:
        """Return for how long it may still wait for its client; 0 or less: it has stalled."""
        return self.moved_at + STALLED_S - now

    def write(self, piece: bytes) -> None:
        """Send a piece; an empty one is the end."""
        self.moved_at = monotonic()
        if piece:
            self.transport.write(piece)
        else:
            end_our_half(self.transport)


class Pump:
    """Sends the downloads of one server."""

    def __init__(self) -> None:
        self._ready: deque[Download] = deque()
        self._task: asyncio.Task[None] | None = None

    def go_on(self, download: Download) -> None:
        """Start a download, or continue one whose client takes bytes again."""
        download.is_paused = False
        download.moved_at = monotonic()
        self._ready.append(download)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while self._ready:
            download = self._ready.popleft()
            try:
                piece = await asyncio.to_thread(next, download.pieces, b"")
            except OSError as error:
                _LOGGER.warning("download", extra={"why": describe(error)})
                reset(download.transport)
                continue
            if not download.transport.is_closing():
                download.write(piece)
                if piece and not download.is_paused:
                    self._ready.append(download)

"""One end of a WebSocket connection, as the reviewer sees it from either side.

`Peer` connects to the server under review; `ClientConnection` accepts the client under review. Both are asyncio
protocols that parse frames as soon as they arrive, so a reset right after a close frame loses nothing.
"""

import asyncio
import json
from collections.abc import Callable
from time import monotonic
from typing import Any, cast

from labkit.evidence import NotHeld
from labkit.review import frames
from labkit.review.frames import Frame, FrameReader

Message = dict[str, Any]
END_OF_HEAD = b"\r\n\r\n"


class ConnectionEnded(NotHeld):
    """The connection ended, with the code and reason of the close frame, or with 1006 if there was none."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"the connection ended with {code} {reason}".rstrip())
        self.code, self.reason = code, reason


class ReceiveTimeout(NotHeld):
    """An expected message did not arrive in time."""


class Endpoint(asyncio.Protocol):
    """What both ends share: the HTTP head, frames, fragmented messages, and waiting for a change."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.head = b""  # of the HTTP response or request
        self.ended: ConnectionEnded | None = None
        self.answers_pings = True
        self.pongs: list[bytes] = []
        self._frames = FrameReader()
        self._message = bytearray()
        self._changed = asyncio.Event()

    async def until(self, holds: Callable[..., Any], timeout_s: float) -> bool:
        """Wait until `holds()` is true, for at most `timeout_s` seconds. Checks again whenever bytes arrive."""
        ends = monotonic() + timeout_s
        while not holds() and monotonic() < ends:
            self._changed.clear()
            try:
                async with asyncio.timeout(ends - monotonic()):
                    await self._changed.wait()
            except TimeoutError:
                break
        return bool(holds())

    # Called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Parse the HTTP head, then frames."""
        if END_OF_HEAD not in self.head:
            self.head += data
            head, end, data = self.head.partition(END_OF_HEAD)
            self.head = head + end
            if end and not self._upgraded(head):
                self.head += data
                data = b""
        for one in self._frames.feed(data):
            self._receive(one)
        self._changed.set()

    def connection_lost(self, error: Exception | None) -> None:
        """Record the end of the TCP connection."""
        self._end(ConnectionEnded(1006, ""))

    # Overridden by the two ends

    def _upgraded(self, head: bytes) -> bool:
        """Handle a complete HTTP head. Return whether frames follow it."""
        raise NotImplementedError

    def _close_received(self, payload: bytes) -> None:
        raise NotImplementedError

    def _ping_received(self, payload: bytes) -> None:
        raise NotImplementedError

    def _message_received(self, body: bytes) -> None:
        raise NotImplementedError

    def _receive(self, one: Frame) -> None:
        if one.opcode == frames.CLOSE:
            self._close_received(one.payload)
        elif one.opcode == frames.PING:
            self._ping_received(one.payload)
        elif one.opcode == frames.PONG:
            self.pongs.append(one.payload)
        else:
            self._message += one.payload
            if one.fin:
                body, self._message = bytes(self._message), bytearray()
                self._message_received(body)

    def _end(self, ended: ConnectionEnded) -> None:
        if self.ended is None:
            self.ended = ended
        self._changed.set()


def parsed(body: bytes) -> Message | None:
    """Return a message as a dict, or None if it is not a JSON object."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None

"""One connection that the client under review made to us: what it said, and what we say to it, true or not.

It is a Protocol and writes its JSON by hand, as the peer of a server's review does.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable
from time import monotonic
from typing import Any, cast

from labkit.review import frames
from labkit.review.frames import Frame, FrameReader
from labkit.review.peer import END_OF_HEAD, Ended, Said, Silent
from labkit.review.transcript import Transcript

READ_S = 2.0
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
_HELLO = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "


class Visit(asyncio.Protocol):
    """A connection from the client. `came` is called when its handshake is done."""

    def __init__(self, transcript: Transcript, came: Callable[["Visit"], None], ticket: Callable[[], str]) -> None:
        self.name = "?"  # who it is in the transcript, once it has come
        self.at = monotonic()  # when it connected
        self.head = b""  # of its HTTP request
        self.ended: Ended | None = None
        self.answers_pings = True
        self.pings = 0  # protocol pings that it sent
        self.pongs: list[bytes] = []
        self.said: list[Said] = []  # all that it said so far
        self.patience_s = 10.0
        self._transcript = transcript
        self._came = came
        self._ticket = ticket
        self._frames = FrameReader()
        self._message = bytearray()
        self._news = asyncio.Event()
        self._heard = 0  # how many of `said` the probe has taken

    @property
    def target(self) -> str:
        """What its request line asks for: path and query."""
        return self.head.split(b" ")[1].decode("utf-8", "replace")

    # Saying

    def say(self, **message: Any) -> None:
        """Send a message."""
        text = json.dumps(message, separators=(",", ":"))
        self._note(f"<- {text}")
        self._write(frames.frame(frames.TEXT, text.encode(), masked=False))

    def ping(self, payload: bytes) -> None:
        """Send a protocol ping."""
        self._note(f"<- ping {payload!r}")
        self._write(frames.frame(frames.PING, payload, masked=False))

    def close(self, code: int, reason: str = "") -> float:
        """Close with a code; when that was."""
        self._note(f"<- close {code} {reason}".rstrip())
        self._write(frames.frame(frames.CLOSE, frames.close_payload(code, reason), masked=False))
        self.transport.close()
        self._end(Ended(code, reason))
        return monotonic()

    def abort(self) -> None:
        """End it without a close frame."""
        self._note("<- the connection is cut")
        self.transport.abort()

    def _write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    # Hearing

    async def hear(self, kind: str | None = None) -> Said:
        """The next message, or the next one of a type. Raises Ended or Silent."""
        while True:
            await self.until(lambda: len(self.said) > self._heard or self.ended, self.patience_s)
            if len(self.said) > self._heard:
                self._heard += 1
                if kind in (None, self.said[self._heard - 1].get("type")):
                    return self.said[self._heard - 1]
            elif self.ended is not None:
                raise self.ended
            else:
                waited_for = f" while waiting for {kind}" if kind else ""
                raise Silent(f"the client said nothing within {self.patience_s:g} s{waited_for}")

    async def read(self) -> None:
        """Until it has read all that we said, as its pong shows; where it sends none, for READ_S."""
        before = len(self.pongs)
        self.ping(b"read?")
        await self.until(lambda: len(self.pongs) > before or self.ended, READ_S)

    def first(self, kind: str) -> Said:
        """The first message of a type that it said; an empty one without."""
        return next((one for one in self.said if one.get("type") == kind), {})

    async def until(self, holds: Callable[[], Any], patience_s: float) -> bool:
        """Wait until something holds that changes with what comes on this connection."""
        ends = monotonic() + patience_s
        while not holds() and monotonic() < ends:
            self._news.clear()
            try:
                async with asyncio.timeout(ends - monotonic()):
                    await self._news.wait()
            except TimeoutError:
                break
        return bool(holds())

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The TCP connection stands."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Bytes came: the head of a request, then frames."""
        if END_OF_HEAD not in self.head:
            self.head += data
            head, end, data = self.head.partition(END_OF_HEAD)
            self.head = head + end
            if not end:
                return
            self._answer(head)
        for one in self._frames.feed(data):
            self._receive(one)
        self._news.set()

    def connection_lost(self, error: Exception | None) -> None:
        """The TCP connection is gone."""
        self._end(Ended(1006, ""))

    def _answer(self, head: bytes) -> None:
        lines = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
        if b"sec-websocket-key" not in lines:
            body = json.dumps({"ticket": self._ticket(), "expiresIn": 60}) if head.startswith(b"POST") else "{}"
            self._write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
            self.transport.close()
            return
        key = next(line.split(b":", 1)[1].strip() for line in head.split(b"\r\n") if _is_key(line))
        accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest()).decode()
        self._write(f"{_HELLO}{accept}\r\n\r\n".encode())
        self._came(self)
        self._note(f"-> GET {self.target}")

    def _receive(self, one: Frame) -> None:
        if one.opcode == frames.CLOSE:
            code, reason = frames.read_close(one.payload)
            self._note(f"-> close {code} {reason}".rstrip())
            self._write(frames.frame(frames.CLOSE, one.payload, masked=False))
            self.transport.close()
            self._end(Ended(code, reason))
        elif one.opcode == frames.PING:
            self.pings += 1
            if self.answers_pings:
                self._write(frames.frame(frames.PONG, one.payload, masked=False))
        elif one.opcode == frames.PONG:
            self.pongs.append(one.payload)
        else:
            self._message += one.payload
            if one.fin:
                body, self._message = bytes(self._message), bytearray()
                self._receive_message(body)

    def _receive_message(self, body: bytes) -> None:
        self._note(f"-> {body.decode('utf-8', 'replace')}")
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            value = None
        self.said.append(value if isinstance(value, dict) else {"type": None})

    def _end(self, ended: Ended) -> None:
        if self.ended is None:
            self.ended = ended
        self._news.set()

    def _note(self, shown: str) -> None:
        self._transcript.note(self.name, shown, shown)


def _is_key(line: bytes) -> bool:
    return line.lower().startswith(b"sec-websocket-key:")

"""One connection that the client under review opened to our scripted server.

The script may send anything, valid or not. It builds its JSON by hand, as `Peer` does when it reviews a server.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from time import monotonic
from typing import Any

from labkit.review import frames
from labkit.review.endpoint import ConnectionEnded, Endpoint, Message, ReceiveTimeout, parsed
from labkit.review.transcript import Transcript

READ_TIMEOUT_S = 2.0
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
_UPGRADE = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "


class ClientConnection(Endpoint):
    """A connection from the client. `opened` is called after its handshake; `ticket` issues a fresh ticket."""

    def __init__(
        self, transcript: Transcript, opened: Callable[["ClientConnection"], None], ticket: Callable[[], str]
    ) -> None:
        super().__init__("?")  # `opened` names it
        self.at = monotonic()  # when it connected
        self.pings = 0  # protocol pings from the client
        self.received: list[Message] = []  # all messages received so far
        self.patience_s = 10.0
        self._transcript = transcript
        self._opened = opened
        self._ticket = ticket
        self._taken = 0  # how many of `received` the probe has read

    @property
    def target(self) -> str:
        """The path and query in the client's request line."""
        return self.head.split(b" ")[1].decode("utf-8", "replace")

    # Sending

    def send(self, **message: Any) -> None:
        """Send a message."""
        text = json.dumps(message, separators=(",", ":"))
        self._note(f"<- {text}")
        self._write(frames.frame(frames.TEXT, text.encode(), masked=False))

    def ping(self, payload: bytes) -> None:
        """Send a protocol ping."""
        self._note(f"<- ping {payload!r}")
        self._write(frames.frame(frames.PING, payload, masked=False))

    def close(self, code: int, reason: str = "") -> float:
        """Close the connection with a code, and return the time."""
        self._note(f"<- close {code} {reason}".rstrip())
        self._write(frames.frame(frames.CLOSE, frames.close_payload(code, reason), masked=False))
        self.transport.close()
        self._end(ConnectionEnded(code, reason))
        return monotonic()

    def abort(self) -> None:
        """End the connection without a close frame."""
        self._note("<- the connection is cut")
        self.transport.abort()

    def _write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    # Receiving

    async def receive(self, kind: str | None = None) -> Message:
        """Return the next message, or the next message of type `kind`. Raises ConnectionEnded or ReceiveTimeout."""
        while True:
            await self.until(lambda: len(self.received) > self._taken or self.ended, self.patience_s)
            if len(self.received) > self._taken:
                self._taken += 1
                if kind in (None, self.received[self._taken - 1].get("type")):
                    return self.received[self._taken - 1]
            elif self.ended is not None:
                raise self.ended
            else:
                waited_for = f" while waiting for {kind}" if kind else ""
                raise ReceiveTimeout(f"the client sent nothing within {self.patience_s:g} s{waited_for}")

    async def until_read(self) -> None:
        """Ping the client and wait for its pong, which shows that it has read everything we sent before."""
        before = len(self.pongs)
        self.ping(b"read?")
        await self.until(lambda: len(self.pongs) > before or self.ended, READ_TIMEOUT_S)

    def first(self, kind: str) -> Message:
        """Return the first message of a type, or an empty dict if there is none."""
        return next((one for one in self.received if one.get("type") == kind), {})

    def _upgraded(self, head: bytes) -> bool:
        headers = dict(line.split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
        keys = [value.strip() for name, value in headers.items() if name.lower() == b"sec-websocket-key"]
        if not keys:
            body = json.dumps({"ticket": self._ticket(), "expiresIn": 60}) if head.startswith(b"POST") else "{}"
            self._write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
            self.transport.close()
            return False
        accept = base64.b64encode(hashlib.sha1(keys[0] + _GUID, usedforsecurity=False).digest()).decode()
        self._write(f"{_UPGRADE}{accept}\r\n\r\n".encode())
        self._opened(self)
        self._note(f"-> GET {self.target}")
        return True

    def _close_received(self, payload: bytes) -> None:
        code, reason = frames.read_close(payload)
        self._note(f"-> close {code} {reason}".rstrip())
        self._write(frames.frame(frames.CLOSE, payload, masked=False))
        self.transport.close()
        self._end(ConnectionEnded(code, reason))

    def _ping_received(self, payload: bytes) -> None:
        self.pings += 1
        if self.answers_pings:
            self._write(frames.frame(frames.PONG, payload, masked=False))

    def _message_received(self, body: bytes) -> None:
        self._note(f"-> {body.decode('utf-8', 'replace')}")
        self.received.append(parsed(body) or {"type": None})

    def _note(self, shown: str) -> None:
        self._transcript.note(self.name, shown, shown)

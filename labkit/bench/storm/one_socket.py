"""One connection of one client in a storm with real sockets: connect, shake hands, authenticate, listen, end.

Never waits: bench.storm.real calls `ready` when the kernel has something. Taught in notebook 07 (storms).
"""

import errno
import socket
from typing import Any, Protocol

from labkit.bench.plain_socket import Closed, PlainSocket, text
from labkit.bench.storm.tally import StormClient
from labkit.rules.close_codes import CloseCode

UNDER_WAY = (0, errno.EINPROGRESS, errno.EWOULDBLOCK)


class Storm(Protocol):
    """What a connection reports to its storm."""

    hello: bytes
    token: str

    def watch(self, connection: "StormSocket", file: socket.socket, *, is_connecting: bool) -> None:
        """Call `ready` when the kernel has something."""

    def forget(self, file: socket.socket) -> None:
        """Stop watching."""

    def reached(self) -> None:
        """TCP is connected."""

    def let_in(self, client: StormClient, window_ms: float) -> None:
        """auth_ok came."""

    def closed(self, client: StormClient, code: int, reason: str) -> None:
        """The connection ended."""


class StormSocket:
    """A connection. It ends once, and the storm hears of it."""

    __slots__ = ("_client", "_file", "_is_connected", "_is_in", "_is_over", "_plain", "_storm")

    def __init__(self, storm: Storm, client: StormClient) -> None:
        self._storm = storm
        self._client = client
        self._plain = PlainSocket()
        self._is_connected = self._is_in = self._is_over = False
        self._file = socket.socket()
        self._file.setblocking(False)

    def connect(self, address: tuple[str, int]) -> None:
        """Begin."""
        self._storm.watch(self, self._file, is_connecting=True)
        if self._file.connect_ex(address) not in UNDER_WAY:
            self._end(CloseCode.NO_CLOSE_FRAME)

    def lose_patience(self) -> None:
        """It has taken too long, if it is not done by now."""
        if not self._is_in:
            self._end(CloseCode.NO_CLOSE_FRAME)

    def ready(self) -> None:
        """The kernel has something for us."""
        if self._is_over:
            return
        try:
            if self._is_connected:
                self._receive()
            else:
                self._connected()
        except OSError:
            self._end(CloseCode.NO_CLOSE_FRAME)

    def _connected(self) -> None:
        if self._file.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._end(CloseCode.NO_CLOSE_FRAME)
            return
        self._is_connected = True
        self._storm.reached()
        self._file.send(self._storm.hello)
        self._storm.watch(self, self._file, is_connecting=False)

    def _receive(self) -> None:
        data, was_open = self._file.recv(65_536), self._plain.is_open
        if not data:
            self._end(CloseCode.NO_CLOSE_FRAME)
            return
        messages = self._plain.take(data)
        if self._plain.is_open and not was_open:
            self._client.policy.opened()
            self._file.send(text({"type": "auth", "token": self._storm.token}))
        for message in messages:
            if isinstance(message, Closed):
                self._end(message.code, message.reason)
                return
            self._hear(message)
        if self._plain.answers:
            self._file.send(self._plain.answers)
            self._plain.answers = b""

    def _hear(self, message: dict[str, Any]) -> None:
        if message.get("type") == "auth_ok":
            self._is_in = True
            self._storm.let_in(self._client, message["reconnect"]["windowMs"])
        elif message.get("type") == "reconnect":
            self._client.policy.told(message["windowMs"])

    def _end(self, code: int, reason: str = "") -> None:
        if self._is_over:
            return
        self._is_over = True
        self._storm.forget(self._file)
        self._file.close()
        self._storm.closed(self._client, code, reason)

"""One client connection, from the TCP handshake to its end: a reader, a writer and a watchdog.

It passes every message to `on_message` and returns how the connection ended. It does not use the library's own
keepalive, reconnection and close, because with a stalled peer they wait for a drain that never happens.
"""

import asyncio
import contextlib
import json
import logging
import ssl
from collections.abc import Callable
from time import monotonic
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from labkit.platform.os_errors import clock_fault
from labkit.platform.proxies import ForwardProxy
from labkit.rules.answers import encode
from labkit.rules.close_codes import CloseCode
from labkit.wire.client.state import NotARoomServer

MAX_MESSAGE_BYTES = 1024 * 1024
CLOSE_S = 1.0
GIVE_UP_S = 10.0
CONNECT_S = 10.0
BEFORE_AUTH_S = 0.5
DEFAULT_IDLE_S = 30.0  # the idle timeout if the server does not announce a ping interval
PASSING_STATUSES = (408, 425, 429)  # and 5xx: the server or a proxy in front of it is busy

_LOGGER = logging.getLogger("labkit.wire.websockets")
_LOGGER.setLevel(logging.INFO)  # at DEBUG, the library logs every frame, including every token


class Link:
    """One connection. `on_message` receives each message as a dictionary; `ask_ping` is called when it is idle."""

    def __init__(
        self,
        url: str,
        on_message: Callable[[dict[str, Any]], None],
        ask_ping: Callable[[], object],
        tls: ssl.SSLContext | None = None,
        give_up_s: float = GIVE_UP_S,
        route: Callable[[], ForwardProxy | None] | None = None,
    ) -> None:
        self.gave_up = False  # whether we ended the connection because it was idle for too long
        self.max_idle_s: float | None = None  # None until auth_ok; until then, the server has its own deadline
        self._url = url
        self._on_message = on_message
        self._ask_ping = ask_ping
        self._tls: dict[str, Any] = {"ssl": tls} if tls is not None else {}
        self._give_up_s = give_up_s
        self._route = route
        self._socket: _Socket | None = None
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()

    async def open(self) -> None:
        """Connect. Raises OSError or TimeoutError if a later attempt may succeed, and NotARoomServer otherwise."""
        proxy = None if self._route is None else await asyncio.to_thread(self._route)
        try:
            self._socket = await _Connect(
                self._url,
                create_connection=_Socket,
                compression=None,
                proxy=None if proxy is None else proxy.url(),
                ping_interval=None,
                max_size=MAX_MESSAGE_BYTES,
                open_timeout=CONNECT_S,
                close_timeout=CLOSE_S,
                logger=_LOGGER,
                **self._tls,
            )  # type: ignore[assignment]
        except InvalidStatus as error:
            raise self._refusal(error.response.status_code) from None
        except InvalidHandshake as error:
            raise ConnectionError(str(error)) from None
        except ssl.SSLEOFError:
            raise
        except ssl.SSLError as error:
            why = clock_fault(error) or error.reason or error
            raise NotARoomServer(f"cannot open a TLS connection to {self._url}: {why}") from None

    def send(self, message: dict[str, Any]) -> None:
        """Queue a message for sending."""
        self._outgoing.put_nowait(encode(message))

    def send_raw(self, body: bytes) -> None:
        """Queue an encoded message for sending."""
        self._outgoing.put_nowait(body)

    async def run(self) -> tuple[int, str]:
        """Run the connection until it ends. Return its close code and reason. Raises the exceptions of `on_message`."""
        assert self._socket is not None
        others = [asyncio.create_task(part) for part in (self._pump(self._socket), self._watch(self._socket))]
        try:
            return await self._read(self._socket)
        finally:
            for task in others:
                task.cancel()
            await asyncio.wait(others)

    async def close(self) -> None:
        """Close the connection, within CLOSE_S even if the peer does not respond."""
        if self._socket is None:
            return
        try:
            with contextlib.suppress(TimeoutError, OSError):
                async with asyncio.timeout(CLOSE_S):
                    await self._socket.close(CloseCode.NORMAL)
        finally:
            self._socket.transport.abort()

    def _refusal(self, status: int) -> Exception:
        if status >= 500 or status in PASSING_STATUSES:
            return ConnectionError(f"HTTP {status}")
        return NotARoomServer(f"{self._url} answered HTTP {status} instead of opening a WebSocket; check the address")

    async def _read(self, socket: "_Socket") -> tuple[int, str]:
        with contextlib.suppress(ConnectionClosed):
            async for raw in socket:
                self._on_message(self._parsed(raw))
        return _ending(socket)

    def _parsed(self, raw: str | bytes) -> dict[str, Any]:
        """Parse a message with Python's JSON parser, because it accepts lone surrogates, which browsers may send."""
        with contextlib.suppress(ValueError, RecursionError):
            message = json.loads(raw)
            if isinstance(message, dict):
                return message
        raise NotARoomServer(f"{self._url} is a WebSocket server, but not a room server")

    async def _pump(self, socket: "_Socket") -> None:
        """Write the queued messages. Nothing else writes. Waits while the transport's buffer is full."""
        with contextlib.suppress(ConnectionClosed):  # the reader reports how it ended
            while True:
                await socket.send(await self._outgoing.get(), text=True)

    async def _watch(self, socket: "_Socket") -> None:
        """Send a ping after an idle interval, and end the connection if it stays idle."""
        while True:
            patience = self._give_up_s if self.max_idle_s is None else self.max_idle_s
            left = socket.received_at + patience - monotonic()
            if left > 0:  # before auth_ok the idle timeout is unknown, so check again soon
                await asyncio.sleep(min(left, BEFORE_AUTH_S) if self.max_idle_s is None else left)
                continue
            received_at = socket.received_at
            if self.max_idle_s is not None:
                self._ask_ping()
                await asyncio.sleep(self._give_up_s)
            if socket.received_at == received_at:
                self.gave_up = True
                socket.transport.abort()
                return


class _Connect(connect):
    """Connects without following redirects, because the credential is meant only for this address."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Treat a redirect as an error: return the exception, not a new address."""
        return exc


class _Socket(ClientConnection):
    """Records when bytes arrive, and waits at most CLOSE_S for the TCP connection to end after a close frame."""

    received_at = 0.0

    def data_received(self, data: bytes) -> None:
        """Note the time, and handle the received bytes."""
        self.received_at = monotonic()
        super().data_received(data)
        if self.protocol.close_expected():
            self.loop.call_later(CLOSE_S, self.transport.abort)


def _ending(socket: _Socket) -> tuple[int, str]:
    """Return the code and reason of the peer's close frame, or else of ours, or else 1006."""
    close = socket.protocol.close_rcvd or socket.protocol.close_sent
    return (CloseCode.NO_CLOSE_FRAME, "") if close is None else (close.code, close.reason)

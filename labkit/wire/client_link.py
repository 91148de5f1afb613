"""One connection of a client, from the TCP handshake to its end: a reader, a pump and a watchdog.

It gives every message to `hear` and returns how the connection ended. The library's own keepalive, reconnection and
`close()` are not used: they wait for a drain that never comes behind a stalled peer. Taught in notebook 05 (heartbeat).
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from labkit.rules.answers import encode
from labkit.rules.close_codes import CloseCode

MAX_FRAME_BYTES = 1024 * 1024
CLOSE_S = 1.0
GIVE_UP_S = 10.0
CONNECT_S = 10.0
HOPELESS_STATUSES = (400, 401, 403, 404, 405, 426)


class NotARoomServer(ValueError):
    """The address answers, but not as a WebSocket server of ours."""


class Link:
    """One connection. `hear` gets each message as a dictionary, in order."""

    def __init__(self, url: str, hear: Callable[[dict[str, Any]], None], give_up_s: float = GIVE_UP_S) -> None:
        self.ping_s: float | None = None  # told by auth_ok; until then the watchdog waits for auth alone
        self._url = url
        self._hear = hear
        self._give_up_s = give_up_s
        self._socket: ClientConnection | None = None
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self._heard_at = monotonic()

    async def open(self) -> None:
        """Connect. Raises OSError or TimeoutError when that may help again later, NotARoomServer when it will not."""
        try:
            self._socket = await connect(
                self._url,
                compression=None,
                proxy=None,
                ping_interval=None,
                max_size=MAX_FRAME_BYTES,
                open_timeout=CONNECT_S,
                close_timeout=CLOSE_S,
            )
        except InvalidStatus as error:
            status = error.response.status_code
            if status in HOPELESS_STATUSES:
                raise NotARoomServer(f"{self._url} refuses WebSocket connections with HTTP {status}") from None
            raise ConnectionError(f"HTTP {status}") from None
        except InvalidHandshake as error:
            raise ConnectionError(str(error)) from None
        self._heard_at = monotonic()

    def say(self, message: dict[str, Any]) -> None:
        """Send a message, behind those said before."""
        self._outgoing.put_nowait(encode(message))

    def say_raw(self, body: bytes) -> None:
        """Send a message that is text already."""
        self._outgoing.put_nowait(body)

    @property
    def buffered_bytes(self) -> int:
        """What the transport holds for us."""
        return 0 if self._socket is None else self._socket.transport.get_write_buffer_size()

    async def talk(self) -> tuple[int, str]:
        """Until the connection ends: its close code and reason. Raises what `hear` raises."""
        assert self._socket is not None
        try:
            return await _first(self._read(self._socket), self._pump(self._socket), self._watch(self._socket))
        finally:
            await self.close()

    async def close(self, code: CloseCode = CloseCode.NORMAL) -> None:
        """End it within CLOSE_S, whatever the peer does."""
        if self._socket is None:
            return
        with contextlib.suppress(TimeoutError, ConnectionClosed, OSError):
            async with asyncio.timeout(CLOSE_S):
                await self._socket.close(code)
        self._socket.transport.abort()

    async def _read(self, socket: ClientConnection) -> tuple[int, str]:
        try:
            async for raw in socket:
                self._heard_at = monotonic()
                message = json.loads(raw)
                if isinstance(message, dict):
                    self._hear(message)
        except ConnectionClosed:
            pass
        return _ending(socket)

    async def _pump(self, socket: ClientConnection) -> tuple[int, str]:
        """The only writer. `send` waits while the transport holds much, so what is unsent stays with us."""
        try:
            while True:
                await socket.send(await self._outgoing.get(), text=True)
        except ConnectionClosed:
            return _ending(socket)

    async def _watch(self, socket: ClientConnection) -> tuple[int, str]:
        """Silence for longer than the server's ping interval earns a ping; silence after that ends the connection."""
        while True:
            patience = self._give_up_s if self.ping_s is None else self.ping_s
            heard_at = self._heard_at
            await asyncio.sleep(max(0.01, heard_at + patience - monotonic()))
            if self._heard_at != heard_at:
                continue
            if self.ping_s is not None:
                self.say({"type": "ping"})
                await asyncio.sleep(self._give_up_s)
            if self._heard_at == heard_at:
                socket.transport.abort()
                return CloseCode.NO_CLOSE_FRAME, ""


def _ending(socket: ClientConnection) -> tuple[int, str]:
    """What the peer's close frame said; 1006 without one."""
    received = socket.protocol.close_rcvd
    return (CloseCode.NO_CLOSE_FRAME, "") if received is None else (received.code, received.reason)


async def _first(*parts: Coroutine[Any, Any, tuple[int, str]]) -> tuple[int, str]:
    """The answer of whichever part ends first; the others are cancelled."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(task.result() for task in tasks if task in done)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

"""One member under load: a plain connection in one room that publishes and receives.

It does not reconnect, so the figures show what a close costs.
"""

import asyncio
import ssl
from collections.abc import Callable
from random import Random
from typing import Any, cast
from urllib.parse import urlsplit

from labkit.bench.plain_socket import CloseFrame, NotAWebSocket, PlainSocket, text, upgrade
from labkit.platform.os_errors import clock_fault
from labkit.rules.backoff import Backoff
from labkit.rules.close_codes import CloseCode, row

ENTER_S = 10.0
TRIES = 20

OnMessage = Callable[["LoadMember", dict[str, Any]], None]


class LoadFailed(RuntimeError):
    """Nothing could be measured; the message says why and what to do."""


class LoadMember(asyncio.Protocol):
    """A connection in one room. `entered` is done when `joined` has arrived."""

    def __init__(self, url: str, token: str, room_id: str, on_message: OnMessage) -> None:
        self.room_id = room_id
        self.ended: CloseFrame | None = None
        self.entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._url = url
        self._token = token
        self._on_message = on_message
        self._plain = PlainSocket()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the handshake."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(upgrade(self._url))

    def data_received(self, data: bytes) -> None:
        """Handle the messages in these bytes."""
        was_open = self._plain.is_open
        try:
            messages = self._plain.receive(data)
        except ConnectionError as error:
            if not self.entered.done():
                self.entered.set_exception(error)
            self._transport.abort()
            return
        if self._plain.is_open and not was_open:
            self.send({"type": "auth", "token": self._token})
        for message in messages:
            self._handle(message)
        if self._plain.pongs:
            self._transport.write(self._plain.pongs)
            self._plain.pongs = b""

    def connection_lost(self, _: Exception | None) -> None:
        """Record how the connection ended."""
        self.ended = self.ended or CloseFrame(CloseCode.NO_CLOSE_FRAME, "")
        if not self.entered.done():
            self.entered.set_exception(ConnectionError(f"closed with {self.ended.code} {self.ended.reason}".rstrip()))

    def send(self, message: dict[str, Any]) -> None:
        """Send a message, unless the connection has ended."""
        if self.ended is None:
            self._transport.write(text(message))

    def abort(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    def _handle(self, message: dict[str, Any] | CloseFrame) -> None:
        if isinstance(message, CloseFrame):
            self.ended = message
            self._transport.close()
        elif message.get("type") == "auth_ok":
            self.send({"type": "join", "roomId": self.room_id})
        elif message.get("type") == "joined" and not self.entered.done():
            self.entered.set_result(None)
        else:
            self._on_message(self, message)


async def enter(url: str, token: str, room_id: str, on_message: OnMessage) -> LoadMember:
    """Connect a member and join a room. If the accept rate refuses it, wait and try again. Raises LoadFailed."""
    backoff = Backoff(Random())
    for _ in range(TRIES):
        member = await _connect(url, token, room_id, on_message)
        try:
            async with asyncio.timeout(ENTER_S):
                await member.entered
        except NotAWebSocket as error:
            raise LoadFailed(f"{url}: {error}") from None
        except TimeoutError:
            raise LoadFailed(f"{url} admitted nobody to a room within {ENTER_S:g} s; is it a room server?") from None
        except ConnectionError as error:
            code, reason = member.ended or (int(CloseCode.NO_CLOSE_FRAME), "")
            wait = backoff.delay(code, reason)
            if wait is None:
                raise LoadFailed(f"{url} {error}: {row(code).when}") from None
            await asyncio.sleep(wait)
        else:
            return member
        finally:
            if member.entered.cancelled() or not member.entered.done() or member.entered.exception():
                member.abort()
    raise LoadFailed(f"{url} refused a member {TRIES} times in a row; raise its accept rate, or use fewer members")


async def _connect(url: str, token: str, room_id: str, on_message: OnMessage) -> LoadMember:
    parts = urlsplit(url)
    tls = ssl.create_default_context() if parts.scheme == "wss" else None
    port = parts.port or (443 if tls else 80)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(ENTER_S):
            _, member = await loop.create_connection(
                lambda: LoadMember(url, token, room_id, on_message), parts.hostname or "", port, ssl=tls
            )
    except TimeoutError:
        raise LoadFailed(f"{url} did not answer within {ENTER_S:g} s") from None
    except OSError as error:
        why = "nothing is listening there" if isinstance(error, ConnectionRefusedError) else error.strerror or error
        clock = clock_fault(error)
        raise LoadFailed(f"cannot connect to {url}: {clock or f'{why}; is the server running?'}") from None
    return member

"""One member under load: a plain connection that enters a room, says what it is given and passes on what it hears.

It does not reconnect: what a close costs must be seen in the figures. Taught in notebook 06 (slow consumers).
"""

import asyncio
import ssl
from collections.abc import Callable
from random import Random
from typing import Any, cast
from urllib.parse import urlsplit

from labkit.bench.plain_socket import Closed, NotAWebSocket, PlainSocket, text, upgrade
from labkit.platform.os_errors import clock_fault
from labkit.rules.backoff import Backoff
from labkit.rules.close_codes import CloseCode, row

ENTER_S = 10.0
TRIES = 20

Heard = Callable[["Member", dict[str, Any]], None]


class LoadFailed(RuntimeError):
    """Nothing can be measured there; the text says why and what to do."""


class Member(asyncio.Protocol):
    """A connection in one room. `entered` is done when `joined` came."""

    def __init__(self, url: str, token: str, room_id: str, hear: Heard) -> None:
        self.room_id = room_id
        self.ended: Closed | None = None
        self.entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._url = url
        self._token = token
        self._hear = hear
        self._plain = PlainSocket()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP is there."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(upgrade(self._url))

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        was_open = self._plain.is_open
        try:
            messages = self._plain.take(data)
        except ConnectionError as error:
            self._fail(error)
            return
        if self._plain.is_open and not was_open:
            self.say({"type": "auth", "token": self._token})
        for message in messages:
            self._take(message)
        if self._plain.answers:
            self._transport.write(self._plain.answers)
            self._plain.answers = b""

    def connection_lost(self, _: Exception | None) -> None:
        """It is over."""
        self.ended = self.ended or Closed(CloseCode.NO_CLOSE_FRAME, "")
        if not self.entered.done():
            self.entered.set_exception(ConnectionError(f"closed with {self.ended.code} {self.ended.reason}".rstrip()))

    def say(self, message: dict[str, Any]) -> None:
        """Send a message; after the end it goes nowhere."""
        if self.ended is None:
            self._transport.write(text(message))

    def hang_up(self) -> None:
        """End it."""
        self._transport.abort()

    def _take(self, message: dict[str, Any] | Closed) -> None:
        if isinstance(message, Closed):
            self.ended = message
            self._transport.close()
        elif message.get("type") == "auth_ok":
            self.say({"type": "join", "roomId": self.room_id})
        elif message.get("type") == "joined" and not self.entered.done():
            self.entered.set_result(None)
        else:
            self._hear(self, message)

    def _fail(self, error: ConnectionError) -> None:
        if not self.entered.done():
            self.entered.set_exception(error)
        self._transport.abort()


async def enter(url: str, token: str, room_id: str, hear: Heard) -> Member:
    """A member in its room; refused for the accept rate, it comes back when told. Raises LoadFailed."""
    backoff = Backoff(Random())
    for _ in range(TRIES):
        member = await _connect(url, token, room_id, hear)
        try:
            async with asyncio.timeout(ENTER_S):
                await member.entered
        except NotAWebSocket as error:
            raise LoadFailed(f"{url}: {error}") from None
        except TimeoutError:
            raise LoadFailed(f"{url} let nobody into a room within {ENTER_S:g} s; is it a room server?") from None
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
                member.hang_up()
    raise LoadFailed(f"{url} let us in not once in {TRIES} tries")


async def _connect(url: str, token: str, room_id: str, hear: Heard) -> Member:
    parts = urlsplit(url)
    tls = ssl.create_default_context() if parts.scheme == "wss" else None
    port = parts.port or (443 if tls else 80)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(ENTER_S):
            _, member = await loop.create_connection(
                lambda: Member(url, token, room_id, hear), parts.hostname or "", port, ssl=tls
            )
    except TimeoutError:
        raise LoadFailed(f"{url} did not answer within {ENTER_S:g} s") from None
    except OSError as error:
        why = "nobody listens there" if isinstance(error, ConnectionRefusedError) else error.strerror or error
        clock = clock_fault(error)
        raise LoadFailed(f"cannot connect to {url}: {clock or f'{why}; is the server running?'}") from None
    return member

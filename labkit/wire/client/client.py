"""The reconnecting client.

    async with labkit.connect("ws://localhost:8080", "dev-token") as client:
        room = await client.join("room:demo")
        await room.chat("hi")                     # returns when the event is stored
        async for event in room:
            print(event)

After a disconnect, the client reconnects as the close code directs (`reconnect_loop`) and rejoins its rooms where it
left off (`dispatcher`). It resends unconfirmed messages with the same requestId (`publisher`).
"""

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from random import Random, SystemRandom
from time import perf_counter
from typing import Any, Self

from labkit.platform.proxies import ForwardProxy
from labkit.rules.backoff import STABLE_S, Backoff
from labkit.rules.fields import is_room_id
from labkit.wire.client.address import checked
from labkit.wire.client.dispatcher import Dispatcher
from labkit.wire.client.inbox import INBOX_EVENTS
from labkit.wire.client.link import GIVE_UP_S, Link
from labkit.wire.client.publisher import Publisher
from labkit.wire.client.reconnect_loop import NOTICE_S, ReconnectLoop, Ticket
from labkit.wire.client.requests import Requests
from labkit.wire.client.room import ClientRoom
from labkit.wire.client.state import (
    ClientClosed,
    ClientState,
    Disconnected,
    Journal,
    NotARoomServer,
    Refused,
    Status,
    Stopped,
)
from labkit.wire.client.unsent import MAX_UNSENT_BYTES, Event, Unsent

__all__ = ["Client", "ClientClosed", "Disconnected", "NotARoomServer", "Refused", "Stopped", "connect"]


class Client:
    """A client for a room server. Use it once, with `async with`."""

    # A subclass may replace these parts (labkit.broken_clients)
    _new_backoff = Backoff
    _new_requests = Requests
    _new_publisher = Publisher
    _new_dispatcher = Dispatcher
    _new_link: Callable[..., Link] = Link
    _new_loop = ReconnectLoop

    def __init__(
        self,
        url: str,
        ticket: Ticket,
        *,
        # Waiting
        open_timeout_s: float = 30.0,
        give_up_s: float = GIVE_UP_S,
        stable_s: float = STABLE_S,
        # Buffers
        max_unsent_bytes: int = MAX_UNSENT_BYTES,
        inbox_events: int = INBOX_EVENTS,
        # TLS, for wss:// with a certificate that the system does not trust
        tls: ssl.SSLContext | None = None,
        # Called before each connection, in a thread: the proxy to use, or None. Without it, the client uses none.
        route: Callable[[], ForwardProxy | None] | None = None,
        # For plots, tests and replays
        on_state: Callable[[ClientState], None] | None = None,
        on_message: Callable[[Event], None] | None = None,
        rng: Random | None = None,
    ) -> None:
        """Prepare a client; `async with` connects it. Raises ValueError for an invalid URL.

        `ticket` is a token, or an async function that fetches a fresh one. If the function raises OSError or
        TimeoutError, the client tries again later; any other exception ends the client. `on_message` receives every
        message from the server before the client handles it.
        """
        self.url = checked(url)
        self.user_id: str | None = None
        self.previous_close: dict[str, Any] | None = None
        self.round_trip_s: float | None = None
        self.rooms: dict[str, ClientRoom] = {}
        self._status = Status(on_state)
        self._backoff = self._new_backoff(rng or SystemRandom())
        self._requests = self._new_requests(self._status, self._send)
        self._publisher = self._new_publisher(self._status, self._is_in, self._send_raw, max_unsent_bytes)
        dispatcher = self._new_dispatcher(
            self._status,
            self.rooms,
            self._requests,
            self._publisher,
            self._backoff,
            opened=self._opened,
            renewed=self._renewed,
            drop=self._drop,
            on_message=on_message,
        )
        new_link = partial(self._new_link, self.url, dispatcher.dispatch, self._requests.pong, tls, give_up_s, route)
        self._loop = self._new_loop(
            self._status, self._backoff, ticket, new_link, stable_s, disconnected=self._disconnected, fail=self._fail
        )
        self._open_timeout_s = open_timeout_s
        self._inbox_events = inbox_events
        self._first_open: asyncio.Future[None] | None = None
        self._running: asyncio.Task[None] | None = None

    # Lifecycle

    async def __aenter__(self) -> Self:
        """Connect, and wait for auth_ok. Raises Stopped, NotARoomServer (a ValueError) or TimeoutError."""
        if self._status.is_started or self.ended_by is not None:
            raise RuntimeError("a client can be used only once; create a new one with labkit.connect")
        self._first_open = asyncio.get_running_loop().create_future()
        self._status.is_started = True
        self._running = asyncio.create_task(self._loop.run(), name=f"labkit client of {self.url}")
        notice = asyncio.get_running_loop().call_later(
            NOTICE_S, self._loop.warn_no_answer, self.url, self._open_timeout_s
        )
        try:
            async with asyncio.timeout(self._open_timeout_s) as patience:
                await self._first_open
        except BaseException:
            await self.close()
            if patience.expired():
                waited = f"{self.url} did not accept the login within {self._open_timeout_s:g} s"
                raise TimeoutError(f"{waited} ({self._loop.fault}); is the server running?") from None
            raise
        finally:
            notice.cancel()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Disconnect and stop. Leaving the `async with` block does this too. Idempotent."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
        self._fail(ClientClosed("the client was closed"))

    # For users

    async def join(self, room_id: str) -> ClientRoom:
        """Join a room, and rejoin it after each reconnect. Raises Refused, Stopped, ValueError."""
        self._status.check()
        if not is_room_id(room_id):
            raise ValueError(f"{room_id!r} is not a room id; use 1 to 64 characters from a-z A-Z 0-9 : _ -")
        room = self.rooms.get(room_id)
        if room is None:
            room = self._new_room(room_id)
            self._requests.join(room_id, None)
        room.joiners += 1
        try:
            return await asyncio.shield(room.joined)
        finally:
            room.joiners -= 1
            if not room.joiners and not room.joined.done():  # cancelled, and no other caller is waiting
                self._drop(room, ClientClosed("the join was cancelled"))

    async def ping(self) -> float:
        """Send a `ping` and return the round-trip time in seconds. Raises Disconnected while there is no connection."""
        asked_at = perf_counter()
        await self._requests.pong()
        self.round_trip_s = perf_counter() - asked_at
        return self.round_trip_s

    async def refresh(self, ticket: str) -> None:
        """Renew the session on the current connection. Raises Disconnected, Stopped."""
        await self._requests.renewal(ticket)

    @property
    def state(self) -> ClientState:
        """The client's current state."""
        return self._status.state

    @property
    def log(self) -> Journal:
        """The client's journal, oldest record first."""
        return self._status.log

    @property
    def ended_by(self) -> BaseException | None:
        """The exception that ended this client, or None if it has not ended."""
        return self._status.ended_by

    @property
    def connection_id(self) -> str | None:
        """The id of the current or most recent connection, or None before the first auth_ok."""
        return self._loop.connection_id

    @property
    def window_ms(self) -> float:
        """The reconnect window that the server last sent, in milliseconds."""
        return self._backoff.window_s * 1000

    @property
    def unsent(self) -> Unsent:
        """The published messages that have not been confirmed yet."""
        return self._publisher.unsent

    @property
    def buffered_bytes(self) -> int:
        """The size of the unconfirmed messages, in bytes."""
        return self.unsent.bytes

    # For the client's parts

    def _send(self, message: dict[str, Any]) -> None:
        if self._loop.link is not None:
            self._loop.link.send(message)

    def _send_raw(self, body: bytes) -> None:
        if self._loop.link is not None:
            self._loop.link.send_raw(body)

    def _is_in(self, room_id: str) -> bool:
        """Return whether this client is currently a member of a room, as far as it knows."""
        room = self.rooms.get(room_id)
        return room is not None and room.is_joined

    def _new_room(self, room_id: str) -> ClientRoom:
        room = self.rooms[room_id] = ClientRoom(
            room_id, self._status, self._publisher.publish, self._requests.presence, self._leave, self._inbox_events
        )
        return room

    async def _leave(self, room: ClientRoom) -> None:
        """Leave a room; see ClientRoom.leave."""
        if self.rooms.get(room.room_id) is not room:
            return
        must_ask = room.is_joined and room.knows_leave and self.state is ClientState.OPEN
        self._drop(room, ClientClosed("the room was left"))
        if must_ask:
            await asyncio.wait([self._requests.leave(room.room_id)])  # ignores the result

    def _drop(self, room: ClientRoom, why: BaseException) -> None:
        """Remove a room. Its unconfirmed messages fail with `why`."""
        self.rooms.pop(room.room_id, None)
        room.end(why)
        self._publisher.fail(why, room.room_id)

    def _opened(self, answer: Event) -> None:
        """Rejoin the rooms after auth_ok on a new connection."""
        self.user_id = answer.get("userId")
        self.previous_close = answer.get("previousClose")
        self._loop.opened(answer)
        status = self._status
        status.note("auth_ok", connection=self.connection_id, user=self.user_id, previous_close=self.previous_close)
        status.move(ClientState.OPEN)
        for room in self.rooms.values():
            self._requests.join(room.room_id, room.since)
        if self._first_open is not None and not self._first_open.done():
            self._first_open.set_result(None)

    def _renewed(self, answer: Event) -> None:
        self._loop.renewed(answer)

    def _disconnected(self, seconds: float) -> None:
        """Handle the end of a connection or a failed attempt. The next attempt follows in `seconds`."""
        for room in self.rooms.values():
            room.is_joined = False
        self._publisher.disconnected()
        self._requests.fail(Disconnected("the connection ended before the answer came; try again once it is back"))
        self._status.move(ClientState.WAITING, seconds=seconds)

    def _fail(self, error: BaseException) -> None:
        """End the client. Everything that is waiting for it fails with `error`."""
        if self._status.ended_by is not None:
            return
        self._status.ended_by = error
        if self._first_open is not None and not self._first_open.done():
            self._first_open.set_exception(error)
            self._first_open.exception()  # marks it as retrieved, as `async with` may have stopped waiting
        self._requests.fail(error)
        for room in list(self.rooms.values()):
            self._drop(room, error)
        self._status.move(ClientState.STOPPED)


connect = Client

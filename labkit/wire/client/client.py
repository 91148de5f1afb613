"""The reconnecting client.

    async with labkit.connect("ws://localhost:8080", "dev-token") as client:
        room = await client.join("room:demo")
        await room.chat("hi")                     # returns when the event is stored
        async for event in room:
            print(event)

It reconnects as the close code says (`life`), takes up its rooms where it stopped hearing (`hearing`),
and sends again, under the same requestId, what was not answered (`saying`). Taught in notebooks 01 and 07.
"""

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from random import Random, SystemRandom
from time import monotonic, time
from types import TracebackType
from typing import Any, Self

from labkit.rules.backoff import STABLE_S, Backoff
from labkit.rules.fields import is_room_id
from labkit.wire.client.address import checked
from labkit.wire.client.asking import Asking
from labkit.wire.client.hearing import Hearing
from labkit.wire.client.inbox import INBOX_EVENTS
from labkit.wire.client.life import NOTICE_S, Life, Ticket
from labkit.wire.client.link import GIVE_UP_S, Link
from labkit.wire.client.room import ClientRoom
from labkit.wire.client.saying import Saying
from labkit.wire.client.state import (
    NEXT,
    ClientClosed,
    ClientState,
    Disconnected,
    Journal,
    NotARoomServer,
    Refused,
    Stopped,
)
from labkit.wire.client.unsent import MAX_UNSENT_BYTES, Event, Unsent

__all__ = ["Client", "ClientClosed", "Disconnected", "NotARoomServer", "Refused", "Stopped", "connect"]


class Client:
    """A client of a room server. One lifecycle: `async with`, once."""

    def __init__(
        self,
        url: str,
        ticket: Ticket,
        *,
        # Waiting
        open_timeout_s: float = 30.0,
        give_up_s: float = GIVE_UP_S,
        stable_s: float = STABLE_S,
        # Keeping
        max_unsent_bytes: int = MAX_UNSENT_BYTES,
        inbox_events: int = INBOX_EVENTS,
        # TLS, for wss:// and a certificate that the system does not know
        tls: ssl.SSLContext | None = None,
        # For plots, tests and replays
        on_state: Callable[[ClientState], None] | None = None,
        on_heard: Callable[[Event], None] | None = None,
        rng: Random | None = None,
    ) -> None:
        """`ticket` is a token, or an async callable that fetches a fresh one. Raises ValueError for a wrong URL.

        The callable's OSError and TimeoutError mean "later"; anything else it raises ends the client. `on_heard` gets
        every message of the server before the client looks at it.
        """
        self.url = checked(url)
        self.state = ClientState.WAITING
        self.connection_id: str | None = None
        self.user_id: str | None = None
        self.previous_close: dict[str, Any] | None = None
        self.round_trip_s: float | None = None
        self.ended_by: BaseException | None = None
        self.log = Journal()
        self.rooms: dict[str, ClientRoom] = {}
        self.backoff = Backoff(rng or SystemRandom())
        self.link: Link | None = None
        self.asking = Asking(self)
        self.saying = Saying(self, max_unsent_bytes)
        new_link = partial(Link, self.url, Hearing(self, on_heard).hear, self.asking.pong, tls, give_up_s)
        self._life = Life(self, ticket, new_link, stable_s)
        self._open_timeout_s = open_timeout_s
        self._inbox_events = inbox_events
        self._on_state = on_state
        self._first_open: asyncio.Future[None] | None = None
        self._living: asyncio.Task[None] | None = None

    # One lifecycle

    async def __aenter__(self) -> Self:
        """Returns at the first auth_ok. Raises Stopped, NotARoomServer (a ValueError) or TimeoutError."""
        if self._living is not None or self.ended_by is not None:
            raise RuntimeError("a client lives once; make a new one with labkit.connect")
        self._first_open = asyncio.get_running_loop().create_future()
        self._living = asyncio.create_task(self._life.live(), name=f"labkit client of {self.url}")
        notice = asyncio.get_running_loop().call_later(NOTICE_S, self._life.tell_no_answer, self._open_timeout_s)
        try:
            async with asyncio.timeout(self._open_timeout_s) as patience:
                await self._first_open
        except BaseException:
            await self.close()
            if patience.expired():
                waited = f"{self.url} did not let us in within {self._open_timeout_s:g} s"
                raise TimeoutError(f"{waited} ({self._life.fault}); is the server running?") from None
            raise
        finally:
            notice.cancel()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Leave, as `async with` does at its end. Twice is once."""
        if self._living is not None:
            self._living.cancel()
            await asyncio.wait([self._living])
        self.fail(ClientClosed("the client was closed"))

    # What a user does

    async def join(self, room_id: str) -> ClientRoom:
        """Enter a room, and every time anew after a reconnect. Raises Refused, Stopped, ValueError."""
        self.check()
        if not is_room_id(room_id):
            raise ValueError(f"{room_id!r} names no room: 1 to 64 of a-z A-Z 0-9 : _ -")
        room = self.rooms.get(room_id)
        if room is None:
            room = self.rooms[room_id] = ClientRoom(self, room_id, self._inbox_events)
            self.asking.join(room)
        room.joiners += 1
        try:
            return await asyncio.shield(room.joined)
        finally:
            room.joiners -= 1
            if not room.joiners and not room.joined.done():  # cancelled, and nobody else wants it
                self.drop(room, ClientClosed("nobody waited for the room"))

    async def leave(self, room: ClientRoom) -> None:
        """See ClientRoom.leave."""
        if self.rooms.get(room.room_id) is not room:
            return
        must_ask = room.is_joined and room.knows_leave and self.state is ClientState.OPEN
        self.drop(room, ClientClosed("the room was left"))
        if must_ask:
            await asyncio.wait([self.asking.leave(room.room_id)])  # refused or not: we have stopped listening

    async def ping(self) -> float:
        """Seconds until the server's `pong`. Raises Disconnected when there is no connection just now."""
        asked_at = monotonic()
        await self.asking.pong()
        self.round_trip_s = monotonic() - asked_at
        return self.round_trip_s

    async def refresh(self, ticket: str) -> None:
        """Renew the session on the live connection. Raises Disconnected, Stopped."""
        await self.asking.renewal(ticket)

    @property
    def window_ms(self) -> float:
        """Over how many milliseconds the server wants reconnects spread."""
        return self.backoff.window_s * 1000

    @property
    def unsent(self) -> Unsent:
        """What we have said and nobody has confirmed."""
        return self.saying.unsent

    @property
    def buffered_bytes(self) -> int:
        """The size of `unsent`."""
        return self.unsent.bytes

    # What rooms and hearing ask for

    def check(self) -> None:
        """Raises what ended this client."""
        if self._living is None:
            raise RuntimeError("not connected: use `async with labkit.connect(...) as client`")
        if self.ended_by is not None:
            raise self.ended_by.with_traceback(None)

    def is_in(self, room_id: str) -> bool:
        """Whether the server counts us among a room's members, as far as we know."""
        room = self.rooms.get(room_id)
        return room is not None and room.is_joined

    def drop(self, room: ClientRoom, why: BaseException) -> None:
        """Be done with a room."""
        self.rooms.pop(room.room_id, None)
        room.end(why)
        self.saying.fail(why, room.room_id)

    def note(self, kind: str, **detail: Any) -> None:
        """Write a record."""
        self.log.add(time(), kind, **detail)

    # What its life asks for

    def opened(self, answer: Event) -> None:
        """auth_ok came on a new connection: take up the rooms again."""
        self.connection_id, self.user_id = answer.get("connectionId"), answer.get("userId")
        self.previous_close = answer.get("previousClose")
        self._life.opened(answer)
        self.note("auth_ok", connection=self.connection_id, user=self.user_id, previous_close=self.previous_close)
        self.move(ClientState.OPEN)
        for room in self.rooms.values():
            self.asking.join(room)
        if self._first_open is not None and not self._first_open.done():
            self._first_open.set_result(None)

    def renewed(self, answer: Event) -> None:
        """auth_ok came on a live connection."""
        self._life.renewed(answer)

    def disconnected(self, seconds: float) -> None:
        """The connection ended, or there was none; the next try is in so many seconds."""
        for room in self.rooms.values():
            room.is_joined = False
        self.saying.disconnected()
        self.asking.questions.fail(Disconnected("the connection ended before the answer; ask again when it is back"))
        self.move(ClientState.WAITING, seconds=seconds)

    def move(self, state: ClientState, **detail: Any) -> None:
        """Take a step of NEXT, and let it be seen."""
        assert state in NEXT[self.state], f"{self.state} to {state}"
        self.state = state
        self.note(state.value, **detail)
        if self._on_state is not None:
            self._on_state(state)

    def fail(self, error: BaseException) -> None:
        """The end: everybody who waits hears why."""
        if self.ended_by is not None:
            return
        self.ended_by = error
        if self._first_open is not None and not self._first_open.done():
            self._first_open.set_exception(error)
            self._first_open.exception()  # `async with` may have stopped waiting: then nobody fetches it
        self.asking.questions.fail(error)
        for room in list(self.rooms.values()):
            self.drop(room, error)
        self.move(ClientState.STOPPED)


connect = Client

"""The reconnecting client.

    async with labkit.connect("ws://localhost:8080", "dev-token") as client:
        room = await client.join("room:demo")
        await room.chat("hi")                     # returns when the event is stored
        async for event in room:
            print(event)

It reconnects as the close code says (rules.close_codes) after the delays of rules.backoff, takes up its rooms where it
stopped reading, and sends again, under the same requestId, what was not answered. Taught in notebooks 01 and 07.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from random import Random, SystemRandom
from time import monotonic, time
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from labkit.rules.answers import encode
from labkit.rules.backoff import STABLE_S, Backoff
from labkit.rules.close_codes import CloseCode, Credential, row
from labkit.rules.fields import is_room_id
from labkit.wire.client_link import GIVE_UP_S, Link, NotARoomServer
from labkit.wire.client_room import INBOX_EVENTS, ClientRoom
from labkit.wire.client_state import NEXT, ClientClosed, ClientState, Journal, Refused, Stopped
from labkit.wire.hearing import Hearing
from labkit.wire.unsent import MAX_UNSENT_BYTES, Event, Publication, Unsent

Ticket = str | Callable[[], Awaitable[str]]


class Client:
    """A client of a room server. One lifecycle: `async with`."""

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
        # For plots, tests and replays
        on_state: Callable[[ClientState], None] | None = None,
        rng: Random | None = None,
    ) -> None:
        """`ticket` is a token, or an async callable that fetches a fresh one. Raises ValueError for a wrong URL."""
        self.url = _checked(url)
        self.state = ClientState.WAITING
        self.connection_id: str | None = None
        self.user_id: str | None = None
        self.previous_close: dict[str, Any] | None = None
        self.round_trip_s: float | None = None
        self.log = Journal()
        self.rooms: dict[str, ClientRoom] = {}
        self.unsent = Unsent(max_unsent_bytes)
        self.backoff = Backoff(rng or SystemRandom())
        self.link: Link | None = None
        self._ticket = ticket
        self._resume: str | None = None
        self._open_timeout_s, self._give_up_s, self._stable_s = open_timeout_s, give_up_s, stable_s
        self._inbox_events = inbox_events
        self._on_state = on_state
        self._hearing = Hearing(self)
        self._first_open: asyncio.Future[None] | None = None
        self._life: asyncio.Task[None] | None = None
        self._proof: asyncio.TimerHandle | None = None
        self._ended_by: BaseException | None = None

    # One lifecycle

    async def __aenter__(self) -> Self:
        """Returns at the first auth_ok. Raises Stopped, NotARoomServer (a ValueError) or TimeoutError."""
        self._first_open = asyncio.get_running_loop().create_future()
        self._life = asyncio.create_task(self._live(), name=f"labkit client of {self.url}")
        try:
            async with asyncio.timeout(self._open_timeout_s):
                await self._first_open
        except TimeoutError:
            await self._end()
            raise TimeoutError(
                f"{self.url} did not let us in within {self._open_timeout_s} s; is it running?"
            ) from None
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def close(self) -> None:
        """Leave, as `async with` does at its end. Twice is once."""
        await self._end()

    async def _end(self) -> None:
        if self.link is not None and self.state is ClientState.OPEN:
            await self.link.close()
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)
        self._fail(ClientClosed("the client was closed"), quietly=True)

    # What a user does

    async def join(self, room_id: str) -> ClientRoom:
        """Enter a room, and every time anew after a reconnect. Raises Refused, Stopped, ValueError."""
        self._check_alive()
        if not is_room_id(room_id):
            raise ValueError(f"{room_id!r} names no room: 1 to 64 of a-z A-Z 0-9 : _ -")
        room = self.rooms.get(room_id)
        if room is None:
            room = self.rooms[room_id] = ClientRoom(self, room_id, self._inbox_events)
            if self.state is ClientState.OPEN:
                self.say_join(room)
        return await asyncio.shield(room.joined)

    async def ping(self) -> float:
        """Seconds until the server's `pong`."""
        asked_at = monotonic()
        await self._hearing.wait_for(("pong", None), {"type": "ping"})
        self.round_trip_s = monotonic() - asked_at
        return self.round_trip_s

    async def refresh(self, ticket: str) -> None:
        """Renew the session on the live connection."""
        await self._hearing.wait_for(("auth_ok", None), {"type": "refresh", "token": ticket})

    @property
    def window_ms(self) -> float:
        """Over how many milliseconds the server wants reconnects spread."""
        return self.backoff.window_s * 1000

    @property
    def buffered_bytes(self) -> int:
        """What we have said and nobody has confirmed, and what the transport still holds."""
        return self.unsent.bytes + (self.link.buffered_bytes if self.link is not None else 0)

    # What rooms ask for

    async def publish(self, room: ClientRoom, kind: str, fields: dict[str, Any]) -> Event:
        """See ClientRoom.publish."""
        self._check_alive()
        request_id = str(fields.pop("requestId", None) or uuid.uuid4())
        message = {"type": kind, "roomId": room.room_id, "requestId": request_id, **fields}
        answer: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        publication = Publication(request_id, room.room_id, encode(message), answer)
        self.unsent.add(publication, fields)
        self.note("sent", room=room.room_id, type=kind, request=request_id)
        if room.is_joined and self.link is not None:
            self.link.say_raw(publication.body)
        try:
            return await answer
        finally:
            self.unsent.done(publication)

    async def presence(self, room: ClientRoom) -> list[dict[str, str]]:
        """See ClientRoom.presence."""
        question = {"type": "presence", "roomId": room.room_id}
        answer = await self._hearing.wait_for(("presence", room.room_id), question)
        return list(answer["members"])

    async def leave(self, room: ClientRoom) -> None:
        """See ClientRoom.leave."""
        self.rooms.pop(room.room_id, None)
        if room.is_joined and self.state is ClientState.OPEN:
            await self._hearing.wait_for(("left", room.room_id), {"type": "leave", "roomId": room.room_id})
        room.end()

    def say_join(self, room: ClientRoom) -> None:
        """Ask to be let into a room, with what was read of it."""
        if self.link is not None:
            self.link.say({"type": "join", "roomId": room.room_id} | ({"since": room.since} if room.since else {}))

    def note(self, kind: str, **detail: Any) -> None:
        """Write a record."""
        self.log.add(time(), kind, **detail)

    # Its life

    async def _live(self) -> None:
        try:
            while True:
                code, reason = await self._one_connection()
                delay = self.backoff.delay(code, reason)
                if delay is None:
                    raise Stopped(code, reason)
                if row(code).credential is Credential.FRESH:
                    self._resume = None
                self._move(ClientState.WAITING)
                self.note("waiting", seconds=delay)
                await asyncio.sleep(delay)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # whatever ended this client, everybody who waits for it must hear of it
            self._fail(error)

    async def _one_connection(self) -> tuple[int, str]:
        """One connection from start to end; its close code and reason."""
        self._move(ClientState.CONNECTING)
        link = self.link = Link(self.url, self._hearing.hear, self._give_up_s)
        try:
            token = await self._credential()
            await link.open()
        except (OSError, TimeoutError) as error:
            self.note("closed", code=int(CloseCode.NO_CLOSE_FRAME), reason="", why=type(error).__name__)
            return CloseCode.NO_CLOSE_FRAME, ""
        self._move(ClientState.AUTHENTICATING)
        link.say({"type": "auth", "token": token} | ({"previous": self.connection_id} if self.connection_id else {}))
        try:
            code, reason = await link.talk()
        finally:
            self._disconnected()
        self.note("closed", code=code, reason=reason)
        return code, reason

    async def _credential(self) -> str:
        if self._resume is not None:
            return self._resume
        return self._ticket if isinstance(self._ticket, str) else await self._ticket()

    def opened(self, answer: Event) -> None:
        """auth_ok came: take up the rooms again."""
        self.connection_id, self.user_id = answer.get("connectionId"), answer.get("userId")
        self._resume = answer.get("resume")
        self.previous_close = answer.get("previousClose")
        self.note("auth_ok", connection=self.connection_id, user=self.user_id, previous_close=self.previous_close)
        if self.link is not None and answer.get("pingMs"):
            self.link.ping_s = answer["pingMs"] / 1000
        self._move(ClientState.OPEN)
        self._proof = asyncio.get_running_loop().call_later(self._stable_s, self.backoff.proved)
        for room in self.rooms.values():
            self.say_join(room)
        if self._first_open is not None and not self._first_open.done():
            self._first_open.set_result(None)

    def renewed(self, answer: Event) -> None:
        """auth_ok came on a live connection."""
        self._resume = answer.get("resume")

    def _disconnected(self) -> None:
        if self._proof is not None:
            self._proof.cancel()
        for room in self.rooms.values():
            room.is_joined = False
        self._hearing.disconnected()

    def _move(self, state: ClientState) -> None:
        if state is self.state:
            return
        assert state in NEXT[self.state], f"{self.state} to {state}"
        self.state = state
        self.note(state.value)
        if self._on_state is not None:
            self._on_state(state)

    def _check_alive(self) -> None:
        if self._ended_by is not None:
            raise self._ended_by

    def _fail(self, error: BaseException, quietly: bool = False) -> None:
        """The end: everybody who waits hears why."""
        if self._ended_by is not None:
            return
        self._ended_by = error
        self._move(ClientState.STOPPED)
        if self._first_open is not None and not self._first_open.done():
            self._first_open.set_exception(error)
            self._first_open.exception()
        self._hearing.fail(error)
        for publication in self.unsent:
            _set_exception(publication.answer, error)
        for room in self.rooms.values():
            room.end(None if quietly else error)


def _set_exception(future: "asyncio.Future[Event]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()  # its waiter may be gone; then nobody else fetches it


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise ValueError(f"{url!r} is not the address of a room server; it looks like ws://localhost:8080")
    if parts.username or parts.password:
        raise ValueError("secrets do not belong in a URL; give the ticket as the second argument")
    return url


connect = Client
__all__ = ["Client", "ClientClosed", "NotARoomServer", "Refused", "Stopped", "connect"]

"""The hub of a server that shares its rooms: what a lone server does at once, this one does in the log's order.

    read    the log's next message   -> arrivals (who comes in), publishing (what is said), revocations
    told    another server's word    -> elsewhere (who is in the rooms there), sessions, endings

Nothing here slows a lone server down: it has a plain `wire.hub.Hub`, which knows of no broker. Taught in notebook 10.
"""

import asyncio
import logging
from math import inf
from time import monotonic, time
from typing import TYPE_CHECKING, Any

import msgspec

from labkit.rules import actions, answers
from labkit.rules.credentials import TICKET, kind_of
from labkit.rules.rooms import Room
from labkit.rules.session import Input
from labkit.wire.hub import Hub
from labkit.wire.sharing import words
from labkit.wire.sharing.arrivals import Arrivals
from labkit.wire.sharing.broker import Broker, LogMessage
from labkit.wire.sharing.elsewhere import ALIVE_S, Elsewhere
from labkit.wire.sharing.publishing import SharedPublishing
from labkit.wire.sharing.turns import Turns

if TYPE_CHECKING:
    from labkit.wire.connection import Connection

_LOGGER = logging.getLogger(__name__)

TICK_S = 0.25
PATIENCE_S = 5.0  # for the log to bring what a member has heard on another server


class SharedHub(Hub):
    """The rooms, the sessions and the connections of one of several servers."""

    def __init__(self, *args: Any, broker: Broker) -> None:
        super().__init__(*args)
        self.broker = broker
        self.me = self.new_id()
        self.turns = Turns(self._now)
        self.answers = self._answers_at_once
        self.arrivals = Arrivals(self, self.me)
        self.publishing = SharedPublishing(self, self.turns)
        self.elsewhere = Elsewhere(self.me, self.tell, self._entered_elsewhere, self._gone_elsewhere)
        self.sessions.trusts_its_key = True
        self.sessions.epoch = broker.epoch
        self._log_clock = 0.0
        self._memberships.elsewhere = self.elsewhere
        self._perform[actions.Publish] = self.publishing.publish
        self._perform[actions.Enter] = self._memberships.enter  # `perform` has asked whether the outbox has room
        self._ahead: dict[Connection, tuple[str, int, float]] = {}  # room, seq and until when
        self._patient: set[Connection] = set()  # those that have waited for it already
        self._revocations: list[words.Revoked] = []  # that could not be written yet
        self._ticking: asyncio.Task[None] | None = None

    async def follow(self, place: int) -> None:
        """Read the log from behind a place; returns when all of it is read."""
        await self.broker.follow(place, self)
        self.tell(words.Asks(server=self.me))
        self._ticking = asyncio.create_task(self._tick())

    async def leave(self) -> None:
        """The other servers need not wait for us."""
        if self._ticking is not None:
            self._ticking.cancel()
            self.tell(words.Leaving(server=self.me))
        await self.broker.close()

    # What connections ask for

    def receive(self, connection: "Connection", raw: bytes) -> None:
        """A text message came; while its credential is on its way through the log, it waits."""
        if not self.arrivals.keep(connection, raw):
            super().receive(connection, raw)

    def _answers_at_once(self, connection: "Connection", raw: bytes) -> bool:
        return connection not in self.turns and self.path.answers(connection, raw)

    def perform(self, connection: "Connection", action: actions.Action) -> None:
        """Do what the session table asked for, when it is its turn."""
        if isinstance(action, actions.Authenticate):
            if kind_of(action.token) is None or not self.arrivals.announce(connection, action):
                self.perform_here(connection, action)
            return
        if isinstance(action, actions.Enter) and self._memberships.backlog.holds(connection, action):
            return
        if isinstance(action, actions.Close):
            connection.session.happened(Input.CLOSE)  # whatever its turn is, nothing more is acted on
        self.turns.take(connection, action)

    def perform_here(self, connection: "Connection", action: actions.Action) -> None:
        """Do it now; nothing is acted on behind a close."""
        if isinstance(action, actions.Close):
            self._drop_waiting(connection)
        super().perform_here(connection, action)

    def closing(self, connection: "Connection", code: int, reason: str) -> None:
        """A connection is ending."""
        self._drop_waiting(connection)
        super().closing(connection, code, reason)
        self.arrivals.gone(connection)
        close = answers.closed_before(code, reason, time())
        self.tell(words.Closed(server=self.me, connection=connection.id, close=close))

    def _drop_waiting(self, connection: "Connection") -> None:
        """A `leave` among it took the room from the session's list: it is put back, as the member is still in there."""
        for action in self.turns.drop(connection):
            if isinstance(action, actions.Exit):
                connection.session.rooms.setdefault(action.room_id, "")

    @property
    def broker_is_up(self) -> bool:
        """Whether the log is read up to its end, and takes messages."""
        return self.broker.is_up

    def revoke(self, user_id: str) -> int:
        """End a user's sessions here now, and everywhere when the log brings it."""
        now = time()
        revoked = words.Revoked(id=self.new_id(), user=user_id, at=now)
        closed = self._end_sessions(user_id, now, inf, revoked.id)
        self._revocations.append(revoked)
        self._write_revocations()
        return closed

    def _now(self, connection: "Connection", action: actions.Action) -> None:
        """It is this action's turn; one thing it may still have to wait for."""
        if isinstance(action, actions.Enter) and self._is_ahead(connection, action):
            self.turns.wait(connection, action)
        elif not (isinstance(action, actions.Renew) and self._is_to_be_spent(connection, action)):
            self.perform_here(connection, action)

    def _is_to_be_spent(self, connection: "Connection", action: actions.Renew) -> bool:
        """Whether a ticket goes through the log first: another server may have taken it."""
        return kind_of(action.token) == TICKET and self.arrivals.announce(connection, action)

    def _is_ahead(self, connection: "Connection", action: actions.Enter) -> bool:
        """Whether a member has heard, on another server, what the log has not brought us yet."""
        since, room = action.since, self.rooms.find(action.room_id)
        if connection in self._patient:
            self._patient.discard(connection)
            return False
        if since is None or since.epoch != self.broker.epoch or since.seq <= (room.seq if room else 0):
            return False
        self._ahead[connection] = action.room_id, since.seq, monotonic() + PATIENCE_S
        return True

    def caught_up(self, room: "Room[Connection]") -> None:
        """A room has a newer event."""
        if self._ahead:
            self._let_in(lambda room_id, seq, _: room_id == room.room_id and seq <= room.seq)

    def _let_in(self, is_due: Any) -> None:
        for connection, (room_id, seq, late_at) in list(self._ahead.items()):
            if is_due(room_id, seq, late_at):
                del self._ahead[connection]
                self._patient.add(connection)
                self.turns.ended(connection)
                self._patient.discard(connection)  # it may have closed meanwhile, and then nobody asked

    # What the broker brings

    def read(self, message: LogMessage) -> None:
        """The next message of the log."""
        if self.publishing.is_deaf:
            return
        self.sessions.order = max(self.sessions.order, message.place)
        self._log_clock = message.at
        try:
            written = words.read_log(message.body)
        except msgspec.DecodeError:
            _LOGGER.error("the log holds something that is not ours", extra={"place": message.place})
            return
        match written:
            case words.Said():
                self.publishing.read(written, message.place, message.at)
            case words.Coming():
                self.arrivals.read(written, message.place, message.at)
            case words.Revoked():
                self._revoke_here(written, message.place)

    def told(self, body: bytes) -> None:
        """A word from another server, or from ourselves."""
        try:
            word = words.read_word(body)
        except msgspec.DecodeError:
            return
        if word.server == self.me:
            return
        match word:
            case words.Welcomed():
                self.arrivals.welcomed(word)
            case words.Closed():
                self.sessions.remember_close(word.connection, word.close)
            case words.Asks() if word.whom in ("", self.me):
                self.elsewhere.tell_everybody(self._present_here())
            case _:
                self.elsewhere.hear(word, monotonic())

    def up(self) -> None:
        """The log is read up to its end."""
        self._write_revocations()
        self.tell(words.Asks(server=self.me))

    def down(self) -> None:
        """The broker is away."""
        self.publishing.give_up_all()

    # What we write and say

    def write(self, written: words.Written) -> bool:
        """Write to the log; False when the broker is away."""
        return self.broker.publish(written.topic, words.write(written), written.id)

    def tell(self, word: words.Word) -> None:
        """Say something to every server that listens just now."""
        self.broker.tell(words.write(word))

    def _write_revocations(self) -> None:
        while self._revocations and self.write(self._revocations[0]):
            self._revocations.pop(0)

    def _revoke_here(self, revoked: words.Revoked, place: int) -> None:
        """After a restart or a rewind the log brings again what we have done: whoever came in since then is fresh."""
        newest = self.sessions.revoked_at(revoked.user)
        if newest is None or place > newest:
            self._end_sessions(revoked.user, revoked.at, place, revoked.id)

    def clock(self) -> float:
        """The log's own: all servers recognise a request for as long, or their rooms would differ."""
        return self._log_clock

    async def _tick(self) -> None:
        alive_at = 0.0
        while True:
            await asyncio.sleep(TICK_S)
            now = monotonic()
            self.publishing.expire(now)
            self.arrivals.expire(now)
            self._let_in(lambda _room, _seq, late_at, now=now: late_at <= now)
            if now >= alive_at:
                alive_at = now + ALIVE_S
                self.elsewhere.tell_alive()
                self.elsewhere.bury(now)

    # Who is where

    def _present_here(self) -> list[tuple[str, str, float]]:
        return [(room.room_id, user, since) for room in self.rooms for user, since in room.present()]

    def _entered_elsewhere(self, room_id: str, user_id: str) -> None:
        self._memberships.came_elsewhere(room_id, user_id)

    def _gone_elsewhere(self, room_id: str, user_id: str) -> None:
        self._memberships.went_elsewhere(room_id, user_id)

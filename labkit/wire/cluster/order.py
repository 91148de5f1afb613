"""Perform actions in the order of the log, on a server that shares its rooms.

    on_log_message   the next log entry             -> logins, publishing, revocations
    on_bus_message   another server's broadcast     -> remote presence, sessions, close codes

A single server uses `wire.order.LocalOrder`, which has no broker, so nothing here slows it down.
"""

import asyncio
import logging
from math import inf
from time import monotonic, time

import msgspec

from labkit.rules import actions
from labkit.rules.answers import Answer
from labkit.rules.credentials import TICKET, kind_of
from labkit.rules.rooms import Room
from labkit.rules.session import Input
from labkit.wire.authentication import Authentication
from labkit.wire.cluster import bus_messages
from labkit.wire.cluster.action_queue import ActionQueue
from labkit.wire.cluster.broker import Broker, LogMessage
from labkit.wire.cluster.pending_logins import PendingLogins
from labkit.wire.cluster.publishing import SharedPublishing
from labkit.wire.cluster.remote_presence import ALIVE_S, RemotePresence
from labkit.wire.delayed_joins import DelayedJoins
from labkit.wire.held_input import HeldInput
from labkit.wire.member import Member
from labkit.wire.membership import Memberships
from labkit.wire.order import Performers
from labkit.wire.replies import Replies
from labkit.wire.server_state import ServerState

_LOGGER = logging.getLogger(__name__)

TICK_S = 0.25
PATIENCE_S = 5.0  # how long to wait for the log to deliver events that a member already has from another server


class LogOrder:
    """Performs one server's actions in the order of the log that all servers share."""

    def __init__(self, state: ServerState, held: HeldInput, broker: Broker) -> None:
        self._state = state
        self.broker = broker
        self.me = state.new_id()
        self.queue = ActionQueue(self._take_turn)
        self._replies = Replies(state)
        self.logins = PendingLogins(state, held, broker, self.queue, self.me, self._perform_now)
        self.publishing = SharedPublishing(state, broker, self.queue, self._replies.refuse, self._caught_up)
        self.remote_presence = RemotePresence(self.me, self._broadcast, self._entered_elsewhere, self._gone_elsewhere)
        self._delayed_joins = DelayedJoins(state, held, self.perform)
        self._memberships = Memberships(state, self._delayed_joins, self._replies.refuse, self.remote_presence)
        self._authentication = authentication = Authentication(state, self._memberships.changed, self._perform_now)
        self.performers: Performers = {
            actions.Authenticate: authentication.authenticate,
            actions.Renew: authentication.renew,
            actions.Enter: self._memberships.enter,  # `perform` has checked the outbox
            actions.Exit: self._memberships.exit,
            actions.WatchPresence: self._memberships.watch_presence,
            actions.Publish: self.publishing.publish,
            actions.Pong: self._replies.pong,
            actions.Refuse: self._replies.refuse,
            actions.Close: self._close,
        }
        self._log_clock = 0.0
        self._ahead: dict[Member, tuple[str, int, float]] = {}  # joins waiting for the log: room, seq, deadline
        self._patient: set[Member] = set()  # members that have finished waiting
        self._revocations: list[bus_messages.Revoked] = []  # not appended to the log yet
        self._ticking: asyncio.Task[None] | None = None

    async def follow(self, place: int) -> None:
        """Read the log from after `place` to its end, then return."""
        await self.broker.follow(place, self)
        self._broadcast(bus_messages.PresenceRequest(server=self.me))
        self._ticking = asyncio.create_task(self._tick())

    async def close(self) -> None:
        """Announce that this server is stopping, and close the broker connection."""
        if self._ticking is not None:
            self._ticking.cancel()
            self._broadcast(bus_messages.Leaving(server=self.me))
        await self.broker.close()

    # Actions of connections

    def keeps(self, connection: Member, raw: bytes) -> bool:
        """Hold a message if its client is waiting for a login or a join. Return whether it was held."""
        return self.logins.keeps(connection, raw)

    def is_clear(self, connection: Member) -> bool:
        """Return whether this client has nothing in flight."""
        return connection not in self.queue

    def perform(self, connection: Member, action: actions.Action) -> None:
        """Perform an action when its turn comes."""
        if isinstance(action, actions.Authenticate):
            if kind_of(action.token) is None or not self.logins.submit(connection, action):
                self._perform_now(connection, action)
            return
        if isinstance(action, actions.Enter) and self._delayed_joins.holds(connection, action):
            return
        if isinstance(action, actions.Close):
            connection.session.happened(Input.CLOSE)  # at once, so that no later message takes effect
        self.queue.take(connection, action)

    def _perform_now(self, connection: Member, action: actions.Action) -> None:
        self.performers[type(action)](connection, action)

    def _close(self, connection: Member, action: actions.Close) -> None:
        """Drop a connection's waiting actions, and close it."""
        self._drop_waiting(connection)
        self._replies.close(connection, action)

    def closing(self, connection: Member, close: Answer) -> None:
        """Remove a closing connection from its rooms, and announce how it ended."""
        self._drop_waiting(connection)
        self._memberships.leave_all(connection)
        self.logins.gone(connection)
        self._broadcast(bus_messages.Closed(server=self.me, connection=connection.id, close=close))

    def _drop_waiting(self, connection: Member) -> None:
        """Drop the waiting actions. A dropped `leave` has already removed its room from the session, so put it back."""
        for action in self.queue.drop(connection):
            if isinstance(action, actions.Exit):
                connection.session.rooms.setdefault(action.room_id, "")

    @property
    def broker_is_up(self) -> bool:
        """Whether the log has been read to its end and accepts messages."""
        return self.broker.is_up

    def revoke(self, user_id: str) -> int:
        """End a user's sessions here immediately, and on the other servers through the log."""
        now = time()
        revoked = bus_messages.Revoked(id=self._state.new_id(), user=user_id, at=now)
        closed = self._authentication.end_sessions(user_id, now, inf, revoked.id)
        self._revocations.append(revoked)
        self._write_revocations()
        return closed

    def _take_turn(self, connection: Member, action: actions.Action) -> None:
        """Perform an action whose turn has come, unless it must wait for the log."""
        if isinstance(action, actions.Enter) and self._is_ahead_of_log(connection, action):
            self.queue.wait(connection, action)
        elif not (isinstance(action, actions.Renew) and self._is_to_be_spent(connection, action)):
            self._perform_now(connection, action)

    def _is_to_be_spent(self, connection: Member, action: actions.Renew) -> bool:
        """Submit a ticket to the log, because another server may have accepted it. Return whether the client waits."""
        return kind_of(action.token) == TICKET and self.logins.submit(connection, action)

    def _is_ahead_of_log(self, connection: Member, action: actions.Enter) -> bool:
        """Return whether another server has already sent a member events that this server has not read yet."""
        since, room = action.since, self._state.rooms.find(action.room_id)
        if connection in self._patient:
            self._patient.discard(connection)
            return False
        if since is None or since.epoch != self.broker.epoch or since.seq <= (room.seq if room else 0):
            return False
        self._ahead[connection] = action.room_id, since.seq, monotonic() + PATIENCE_S
        return True

    def _caught_up(self, room: Room[Member]) -> None:
        """Admit the members that were waiting for a room's newest event."""
        for connection, (room_id, seq, _) in list(self._ahead.items()) if self._ahead else ():
            if room_id == room.room_id and seq <= room.seq:
                self._admit(connection)

    def _admit_overdue(self, now: float) -> None:
        for connection, (_, _, deadline) in list(self._ahead.items()):
            if deadline <= now:
                self._admit(connection)

    def _admit(self, connection: Member) -> None:
        del self._ahead[connection]
        self._patient.add(connection)
        self.queue.ended(connection)
        self._patient.discard(connection)  # still there if the connection has closed in the meantime

    # The broker's listener

    def on_log_message(self, message: LogMessage) -> None:
        """Handle the next message of the log."""
        if self.publishing.is_stalled:
            return
        self._state.sessions.order = max(self._state.sessions.order, message.place)
        self._log_clock = message.at
        try:
            entry = bus_messages.read_log_entry(message.body)
        except msgspec.DecodeError:
            _LOGGER.error("the log contains a message that is not from labkit", extra={"place": message.place})
            return
        match entry:
            case bus_messages.SharedPublication():
                self.publishing.read(entry, message.place, message.at)
            case bus_messages.LoginRequest():
                self.logins.read(entry, message.place, message.at)
            case bus_messages.Revoked():
                self._revoke_here(entry, message.place)

    def on_bus_message(self, body: bytes) -> None:
        """Handle a broadcast. Ignore our own."""
        try:
            message = bus_messages.read_bus_message(body)
        except msgspec.DecodeError:
            return
        if message.server == self.me:
            return
        match message:
            case bus_messages.LoginAccepted():
                self.logins.accepted_elsewhere(message)
            case bus_messages.Closed():
                self._state.sessions.remember_close(message.connection, message.close)
            case bus_messages.PresenceRequest() if message.whom in ("", self.me):
                self.remote_presence.send_members(self._present_here())
            case _:
                self.remote_presence.receive(message, monotonic())

    def on_up(self) -> None:
        """Append waiting revocations to the log, and ask for the other servers' members."""
        self._write_revocations()
        self._broadcast(bus_messages.PresenceRequest(server=self.me))

    def on_down(self) -> None:
        """Give up on messages in flight, because the broker is unavailable."""
        self.publishing.give_up_all()

    # Output to the broker

    def _broadcast(self, message: bus_messages.BusMessage) -> None:
        bus_messages.broadcast(self.broker, message)

    def _write_revocations(self) -> None:
        while self._revocations and bus_messages.append(self.broker, self._revocations[0]):
            self._revocations.pop(0)

    def _revoke_here(self, revoked: bus_messages.Revoked, place: int) -> None:
        """Apply a revocation from the log. After a rewind, reading it again has no further effect."""
        newest = self._state.sessions.revoked_at(revoked.user)
        if newest is None or place > newest:
            self._authentication.end_sessions(revoked.user, revoked.at, place, revoked.id)

    def clock(self) -> float:
        """Return the log's time, so that all servers remember requests equally long."""
        return self._log_clock

    async def _tick(self) -> None:
        alive_at = 0.0
        while True:
            await asyncio.sleep(TICK_S)
            now = monotonic()
            self.publishing.expire(now)
            self.logins.expire(now)
            self._admit_overdue(now)
            if now >= alive_at:
                alive_at = now + ALIVE_S
                self.remote_presence.announce_alive()
                self.remote_presence.forget_silent(now)

    # Presence

    def _present_here(self) -> list[tuple[str, str, float]]:
        return [(room.room_id, user, since) for room in self._state.rooms for user, since in room.present()]

    def _entered_elsewhere(self, room_id: str, user_id: str) -> None:
        self._memberships.entered_elsewhere(room_id, user_id)

    def _gone_elsewhere(self, room_id: str, user_id: str) -> None:
        self._memberships.left_elsewhere(room_id, user_id)

"""Where the connections of one server meet: it performs what the session table asks for.

    connection -> messages.decode -> session.receive -> [action] -> perform -> commit_queue -> rooms -> connection

Every effect goes through the commit queue, so that nobody hears of what is not stored, and each client's answers keep
the order of its messages. A slow member is a returned value: it is closed, and nobody waits for it.
Lessons: notebooks 02 (auth), 03 (rooms), 06 (slow consumers), 08 (audit).
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from random import Random
from time import monotonic, time
from typing import TYPE_CHECKING

from labkit.rules import answers, session
from labkit.rules.admission import Crowd, window_ms
from labkit.rules.close_codes import CloseCode, reason_with_retry, row
from labkit.rules.credentials import Rejected
from labkit.rules.limits import Limits
from labkit.rules.messages import InvalidMessage, Publication, decode
from labkit.rules.outbox import Offer
from labkit.rules.rooms import Event, Membership, Room, Rooms
from labkit.rules.session import Identity, Input
from labkit.wire.audit import Entry
from labkit.wire.commit_queue import CommitQueue
from labkit.wire.counts import Counts
from labkit.wire.frames import text_frame
from labkit.wire.gate import Gate, Peer
from labkit.wire.http import Http
from labkit.wire.sessions import Sessions

if TYPE_CHECKING:
    from labkit.wire.connection import Connection

_LOGGER = logging.getLogger(__name__)


class Hub:
    """The rooms, the sessions and the connections of one server."""

    http: Http  # set by the server: the HTTP side looks at the hub, and the hub hands it requests

    def __init__(
        self,
        limits: Limits,
        gate: Gate,
        sessions: Sessions,
        rooms: "Rooms[Connection]",
        queue: CommitQueue,
        new_id: Callable[[], str],
        rng: Random,
    ) -> None:
        self.limits = limits
        self.gate = gate
        self.sessions = sessions
        self.rooms = rooms
        self.queue = queue
        self.new_id = new_id
        self.rng = rng
        self.counts = Counts()
        self.connections: dict[str, Connection] = {}
        self._crowd = Crowd()
        self._to_flush: list[Connection] = []
        self._perform: dict[type, Callable[..., None]] = {
            session.Authenticate: self._authenticate,
            session.Renew: self._renew,
            session.Enter: self._enter,
            session.Exit: self._exit,
            session.Publish: self._publish,
            session.TellMembers: self._tell_members,
            session.Pong: self._pong,
            session.Refuse: self._refuse,
            session.Close: self._close,
        }

    # A connection's life

    def opened(self, connection: "Connection") -> None:
        """The handshake is done."""
        self.counts.handshakes += 1
        self.connections[connection.id] = connection
        retry = self.gate.too_fast()
        if retry is not None:
            self.counts.busy += 1
            connection.close(CloseCode.TRY_LATER, reason_with_retry("busy", retry))
        self._tell_window()

    def refused(self, peer: Peer, status: int) -> None:
        """A handshake was refused with an HTTP status."""
        self.counts.refused[status] += 1
        body = answers.encode({"address": peer.address, "status": status}).decode()
        self.queue.record(Entry(time(), "denied", body=body))

    def receive(self, connection: "Connection", raw: bytes) -> None:
        """A text message came; it is UTF-8."""
        self.counts.received += 1
        try:
            action = connection.session.receive(decode(raw, self.limits.max_message_bytes), monotonic())
            if action is not None:
                self.perform(connection, action)
        except InvalidMessage as refusal:
            self._close(connection, session.Close(CloseCode.INVALID_MESSAGE, str(refusal)))
        except Exception:  # a bug of ours ends this connection, and no other
            _LOGGER.exception("internal error", extra={"connection": connection.id})
            self._close(connection, session.Close(CloseCode.SERVER_ERROR, row(CloseCode.SERVER_ERROR).reason))

    def perform(self, connection: "Connection", action: session.Action) -> None:
        """Do what the session table asked for."""
        self._perform[type(action)](connection, action)

    def closing(self, connection: "Connection", code: int, reason: str) -> None:
        """A connection is ending: it leaves its rooms now, not when TCP has noticed."""
        self.counts.closed[code] += 1
        identity = connection.session.identity
        for room_id in connection.session.rooms:
            self._leave(connection, self.rooms.room(room_id))
        connection.session.rooms.clear()
        self.sessions.ended(connection, identity, answers.closed_before(code, reason, time()))
        body = answers.encode({"code": code, "reason": reason}).decode()
        user = identity.user_id if identity else None
        self.queue.record(Entry(time(), "close", id=connection.id, user=user, connection=connection.id, body=body))

    def lost(self, connection: "Connection") -> None:
        """The TCP connection is gone."""
        if self.connections.pop(connection.id, None) is not None:
            self._tell_window()

    def flush_soon(self, connection: "Connection") -> None:
        """Write once at the end of this tick, however much is said to this client until then."""
        if not self._to_flush:
            asyncio.get_running_loop().call_soon(self._flush)
        self._to_flush.append(connection)

    def _flush(self) -> None:
        waiting, self._to_flush = self._to_flush, []
        for connection in waiting:
            connection.flush()

    # Authentication

    def _authenticate(self, connection: "Connection", action: session.Authenticate) -> None:
        trusted = self.gate.trusts(connection.peer)
        try:
            identity, entries = self.sessions.admit(action.token, trusted=trusted, now=time())
        except Rejected as rejected:
            self._reject(connection, rejected)
            return
        connection.session.accepted(identity)
        for entry in entries:
            self.queue.record(entry)
        entry = self.sessions.started(connection.id, identity, time())
        welcome = partial(self._welcome, connection, identity, action.previous)
        failed = partial(connection.close, CloseCode.SERVER_ERROR, row(CloseCode.SERVER_ERROR).reason)
        self.queue.then(entry, welcome, failed)

    def _reject(self, connection: "Connection", rejected: Rejected) -> None:
        self.counts.rejected += 1
        body = answers.encode({"code": rejected.code.value}).decode()
        self.queue.record(Entry(time(), "denied", connection=connection.id, body=body))
        self._close(connection, session.Close(rejected.code, rejected.reason))

    def _welcome(self, connection: "Connection", identity: Identity, previous: str | None) -> None:
        if connection.closing:
            return
        older = self.sessions.newest(connection, identity)
        if older is not None:
            older.close(CloseCode.REPLACED, row(CloseCode.REPLACED).reason)
        connection.authenticated(self.rng.random())
        self._send_auth_ok(connection, identity, previous)

    def _send_auth_ok(self, connection: "Connection", identity: Identity, previous: str | None) -> None:
        ping_s = self.limits.ping_interval_s
        ok = answers.auth_ok(
            connection_id=connection.id,
            user_id=identity.user_id,
            resume=self.sessions.resume(identity),
            expires_at=identity.expires_at,
            ping_ms=0 if ping_s is None else round(1000 * ping_s),
            window_ms=window_ms(len(self.connections), self.limits.handshakes_per_s),
            previous=self.sessions.closed_before(previous),
        )
        connection.send(answers.encode(ok))

    def _renew(self, connection: "Connection", action: session.Renew) -> None:
        current = connection.session.identity
        assert current is not None  # the table renews only in OPEN
        try:
            identity, entries = self.sessions.renew(
                current, action.token, trusted=self.gate.trusts(connection.peer), now=time()
            )
        except Rejected as rejected:
            self._reject(connection, rejected)
            return
        connection.session.accepted(identity)
        for entry in entries:
            self.queue.record(entry)
        entry = self.sessions.started(connection.id, identity, time())
        self.queue.then(entry, partial(self._send_auth_ok, connection, identity, None))

    # Rooms

    def _enter(self, connection: "Connection", action: session.Enter) -> None:
        room = self.rooms.room(action.room_id)
        identity = connection.session.identity
        assert identity is not None  # the table enters only in OPEN
        place = Membership(identity.user_id, action.access, time())
        entry = Entry(
            place.since, "join", room=room.room_id, epoch=room.epoch, user=identity.user_id, connection=connection.id
        )
        self.queue.then(
            entry, partial(self._entered, connection, room, place, action), partial(self._not_entered, connection, room)
        )

    def _entered(
        self, connection: "Connection", room: "Room[Connection]", place: Membership, action: session.Enter
    ) -> None:
        if connection.closing:
            return
        events, gap = room.missed(action.since, place)
        if room.enter(connection, place):
            self._tell(room, answers.entered(room.room_id, place.user_id))
        self.rooms.tidy(room)
        connection.send(answers.encode(answers.joined(room.room_id, room.epoch, room.seq, gap, place.access)))
        for event in events:
            connection.send(event.body)

    def _not_entered(self, connection: "Connection", room: "Room[Connection]") -> None:
        connection.session.rooms.pop(room.room_id, None)
        self._refuse(connection, session.Refuse("unavailable", room_id=room.room_id))

    def _exit(self, connection: "Connection", action: session.Exit) -> None:
        self.queue.then(None, partial(self._exited, connection, self.rooms.room(action.room_id)))

    def _exited(self, connection: "Connection", room: "Room[Connection]") -> None:
        self._leave(connection, room)
        connection.send(answers.encode(answers.left(room.room_id)))

    def _leave(self, connection: "Connection", room: "Room[Connection]") -> None:
        if connection not in room.members:
            return
        user_id = room.members[connection].user_id
        was_last = room.leave(connection) is not None
        self.rooms.tidy(room)
        self.queue.record(Entry(time(), "leave", room=room.room_id, user=user_id, connection=connection.id))
        if was_last:
            self._tell(room, answers.gone(room.room_id, user_id))

    def _tell(self, room: "Room[Connection]", change: answers.Answer) -> None:
        body = answers.encode(change)
        for watcher in list(room.watchers):
            watcher.send(body)

    def _tell_members(self, connection: "Connection", action: session.TellMembers) -> None:
        self.queue.then(None, partial(self._told_members, connection, self.rooms.room(action.room_id)))

    def _told_members(self, connection: "Connection", room: "Room[Connection]") -> None:
        if connection in room.members:
            room.watchers.add(connection)
            connection.send(answers.encode(answers.presence(room.room_id, room.present())))

    # Publishing

    def _publish(self, connection: "Connection", action: session.Publish) -> None:
        message, now = action.message, time()
        room = self.rooms.room(message.room_id)
        identity = connection.session.identity
        assert identity is not None  # the table publishes only in OPEN
        said = None if message.request_id is None else room.said_before(identity.user_id, message.request_id, now)
        if said is not None:
            self.counts.duplicates += 1
            self.queue.then(None, partial(connection.send, answers.duplicate(said.body)))
            return
        event, entry = self._event(room, message, identity, now)
        room.accept(event, now, remember=message.request_id is not None)
        self.queue.then(entry, partial(self._deliver, room, event), partial(self._not_stored, connection, room, event))

    def _event(
        self, room: "Room[Connection]", message: Publication, identity: Identity, now: float
    ) -> tuple[Event, Entry]:
        event_id = self.new_id()
        request_id = self.new_id() if message.request_id is None else message.request_id
        seq = room.next_seq()
        user = identity.user_id
        body = answers.encode(
            answers.event(message, event_id=event_id, request_id=request_id, user_id=user, now=now, seq=seq)
        )
        entry = Entry(
            now, "event", room=room.room_id, epoch=room.epoch, seq=seq, id=event_id, user=user, body=body.decode()
        )
        return Event(seq, user, request_id, body), entry

    def _deliver(self, room: "Room[Connection]", event: Event) -> None:
        self.counts.events += 1
        members = room.deliver(event)
        self.counts.delivered += len(members)
        frame = text_frame(event.body)
        overflowed = [member for member in members if member.offer(frame) is Offer.OVERFLOW]
        for member in overflowed:
            member.close(CloseCode.TRY_LATER, "slow")

    def _not_stored(self, connection: "Connection", room: "Room[Connection]", event: Event) -> None:
        room.forget(event)
        self._refuse(connection, session.Refuse("unavailable", event.request_id, room.room_id))

    # Plain answers

    def _pong(self, connection: "Connection", _: session.Pong) -> None:
        self.queue.then(None, lambda: connection.send(answers.encode(answers.pong(time()))))

    def _refuse(self, connection: "Connection", action: session.Refuse) -> None:
        self.counts.errors[action.code] += 1
        body = answers.encode(answers.error(action.code, action.request_id, action.room_id))
        if action.code in ("room_denied", "read_only"):
            self.queue.record(
                Entry(time(), "denied", room=action.room_id, connection=connection.id, body=body.decode())
            )
        self.queue.then(None, partial(connection.send, body))

    def _close(self, connection: "Connection", action: session.Close) -> None:
        """Nothing more is acted on from now; the frame goes out behind the answers that are still due."""
        connection.session.happened(Input.CLOSE)
        reason = action.reason
        if action.code is CloseCode.RATE_LIMITED:
            reason = reason_with_retry(reason, round(1000 * session.STRIKE_WINDOW_S))
        self.queue.then(None, partial(connection.close, action.code, reason))

    def _tell_window(self) -> None:
        """Tell everybody the reconnect window when the crowd has doubled or halved."""
        if not self._crowd.changed(len(self.connections)):
            return
        body = answers.encode(answers.reconnect(window_ms(len(self.connections), self.limits.handshakes_per_s)))
        for connection in list(self.connections.values()):
            if connection.heartbeat is not None:  # its auth_ok is out
                connection.send(body)

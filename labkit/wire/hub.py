"""Where the connections of one server meet: it has each action performed, in order.

    connection -> messages.decode -> session.receive -> [action] -> perform -> commit_queue -> rooms -> connection

The actions themselves are in `wire.entrance` (who may come in), `wire.membership` (who is in which room) and
`wire.publishing` (what is said there). Every effect goes through the commit queue, so that nobody hears of what is not
stored, and each client's answers keep the order of its messages. Lesson: notebook 01 (hello).
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from random import Random
from time import monotonic, time
from typing import TYPE_CHECKING

from labkit.rules import actions, answers
from labkit.rules.admission import Crowd, window_ms
from labkit.rules.close_codes import CloseCode, reason_with_retry, row
from labkit.rules.limits import Limits
from labkit.rules.messages import InvalidMessage
from labkit.rules.rooms import Rooms
from labkit.rules.session import STRIKE_WINDOW_S, Input
from labkit.wire.audit.writer import Entry
from labkit.wire.commit_queue import CommitQueue
from labkit.wire.counts import Counts
from labkit.wire.entrance import Entrance
from labkit.wire.fast.path import FastPath, PlainPath
from labkit.wire.gate import Gate, Peer
from labkit.wire.http.routes import Http
from labkit.wire.membership import Memberships
from labkit.wire.publishing import Publishing
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
        self.sockets: set[Connection] = set()  # every TCP connection
        self.connections: dict[str, Connection] = {}  # those that are WebSockets
        self._crowd = Crowd()
        self.path = FastPath() if limits.fast_path else PlainPath()
        self.answers: Callable[[Connection, bytes], bool] = self.path.answers  # if a message needs no action for it
        self._slow: list[Connection] = []
        self._memberships = Memberships(self)
        entrance, publishing = Entrance(self, self._memberships), Publishing(self)
        self._perform: dict[type[actions.Action], Callable[..., None]] = {
            actions.Authenticate: entrance.authenticate,
            actions.Renew: entrance.renew,
            actions.Enter: self._memberships.come,
            actions.Exit: self._memberships.exit,
            actions.TellMembers: self._memberships.tell_members,
            actions.Publish: publishing.publish,
            actions.Pong: self._pong,
            actions.Refuse: self._refuse,
            actions.Close: self._close,
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
            if self.answers(connection, raw):
                return
            action = connection.session.receive(self.path.decode(raw, self.limits.max_message_bytes), monotonic())
            if action is not None:
                self.perform(connection, action)
        except InvalidMessage as refusal:
            self.perform(connection, actions.Close(CloseCode.INVALID_MESSAGE, str(refusal)))
        except Exception:  # a bug of ours ends this connection, and no other
            _LOGGER.exception("internal error", extra={"connection": connection.id})
            self._close(connection, actions.Close(CloseCode.SERVER_ERROR, row(CloseCode.SERVER_ERROR).reason))

    def perform_here(self, connection: "Connection", action: actions.Action) -> None:
        """Do it now."""
        self._perform[type(action)](connection, action)

    perform = perform_here  # what the session table asked for; a server that shares its rooms may have it wait

    def closing(self, connection: "Connection", code: int, reason: str) -> None:
        """A connection is ending: it leaves its rooms now, not when TCP has noticed.

        Others hear of it once that is stored. Its own close frame does not wait: what must end, ends now.
        """
        self.counts.closed[code] += 1
        identity = connection.session.identity
        self._memberships.leave_all(connection)
        self.sessions.ended(connection, identity, answers.closed_before(code, reason, time()))
        user = identity.user_id if identity else None
        body = answers.encode({"code": code, "reason": reason}).decode()
        self.queue.record(Entry(time(), "close", id=connection.id, user=user, connection=connection.id, body=body))
        _LOGGER.info("closed", extra={"connection": connection.id, "user": user, "code": code, "reason": reason})

    def lost(self, connection: "Connection") -> None:
        """The TCP connection is gone."""
        self.sockets.discard(connection)
        if self.connections.pop(connection.id, None) is not None:
            self._tell_window()

    def revoke(self, user_id: str) -> int:
        """End every session of a user; how many connections that closed. `queue.owes` it until it is stored."""
        return self._end_sessions(user_id, time())

    def _end_sessions(
        self, user_id: str, now: float, order: float | None = None, revocation_id: str | None = None
    ) -> int:
        live, entry = self.sessions.revoke(user_id, now, order, revocation_id)
        self.queue.keep(entry)
        for connection in live:
            connection.close(CloseCode.REVOKED)
        return len(live)

    def clock(self) -> float:
        """Seconds, for how long a request is recognised; nobody sets this clock."""
        return monotonic()

    def close_slow(self, members: "list[Connection]") -> None:
        """Close members whose outbox overflowed, behind what is being told now.

        Not at once: a member that is closed is told to others, one of which may overflow, and so on, without end.
        """
        if members and not self._slow:
            asyncio.get_running_loop().call_soon(self._close_slow)
        self._slow += members

    def _close_slow(self) -> None:
        slow, self._slow = self._slow, []
        for connection in slow:
            connection.close(CloseCode.TRY_LATER)

    @property
    def broker_is_up(self) -> bool | None:
        """Whether rooms are shared just now; None for a server that shares none."""
        return None

    # Plain answers

    def _pong(self, connection: "Connection", _: actions.Pong) -> None:
        self.queue.then(None, lambda: connection.send(answers.encode(answers.pong(time()))))

    def _refuse(self, connection: "Connection", action: actions.Refuse) -> None:
        self.counts.errors[action.code] += 1
        body = answers.encode(answers.error(action.code, action.request_id, action.room_id))
        if action.code in ("room_denied", "read_only"):
            self.queue.record(
                Entry(time(), "denied", room=action.room_id, connection=connection.id, body=body.decode())
            )
        self.queue.then(None, partial(connection.send, body))

    def _close(self, connection: "Connection", action: actions.Close) -> None:
        """Nothing more is acted on from now; the frame goes out behind the answers that are still due."""
        connection.session.happened(Input.CLOSE)
        reason = action.reason
        if action.code is CloseCode.RATE_LIMITED:
            reason = reason_with_retry(reason, round(1000 * STRIKE_WINDOW_S))
        self.queue.then(None, partial(connection.close, action.code, reason))

    def _tell_window(self) -> None:
        """Tell everybody the reconnect window when the crowd has doubled or halved."""
        if not self._crowd.changed(len(self.connections)):
            return
        body = answers.encode(answers.reconnect(window_ms(len(self.connections), self.limits.handshakes_per_s)))
        for connection in list(self.connections.values()):
            if connection.heartbeat is not None:  # its auth_ok is out
                connection.send(body)

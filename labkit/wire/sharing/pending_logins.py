"""Who comes in, in the log's order: a ticket opens one door of one server, and a session's newest connection wins.

A ticket or a resume credential that may be good is written to the log, and judged when it comes back; what is refused
at once is not written, as nobody ever empties the log. What its connection says meanwhile waits. Without the broker a
ticket must wait (1013, come back), as another server may have taken it; a resume credential is good at once. A ticket
that was written and is not read in time may be spent by it (4401, come back with another). The dev token begins a new
session each time and asks nobody.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from time import monotonic, time

from labkit.rules.actions import Authenticate, Refuse, Renew
from labkit.rules.close_codes import CloseCode, reason_with_retry
from labkit.rules.credentials import TICKET, Rejected, kind_of
from labkit.rules.session import Identity
from labkit.wire.audit.writer import Entry
from labkit.wire.held_input import HeldInput
from labkit.wire.member import Member
from labkit.wire.server_state import ServerState
from labkit.wire.sharing import bus_messages
from labkit.wire.sharing.action_queue import ActionQueue
from labkit.wire.sharing.broker import Broker
from labkit.wire.sharing.bus_messages import LoginAccepted, LoginRequest

WAIT_S = 2.0  # for the log; the auth timeout is longer
RETRY_MS = 2000
MOST_KEPT = 64  # messages of one connection


@dataclass
class _PendingLogin:
    connection: Member
    action: Authenticate | Renew
    deadline: float


class PendingLogins:
    """The connections of one server whose credential is on its way through the log."""

    def __init__(
        self,
        state: ServerState,
        held: HeldInput,
        broker: Broker,
        queue: ActionQueue,
        me: str,
        perform: Callable[[Member, Authenticate | Renew | Refuse], None],
    ) -> None:
        """`perform` does an action now; `me` is the name under which this server writes to the others."""
        self._state = state
        self._held = held
        self._broker = broker
        self._actions = queue
        self._me = me
        self._perform = perform
        self._by_id: dict[str, _PendingLogin] = {}
        self._by_connection: dict[Member, _PendingLogin] = {}
        self._places: dict[Member, float] = {}  # by right of which place a connection has its session

    def submit(self, connection: Member, action: Authenticate | Renew) -> bool:
        """Write a credential to the log; False when it is to be looked at here and now."""
        ticket_id, expires_at = None, 0.0
        try:
            if kind_of(action.token) == TICKET:
                ticket = self._state.sessions.read_ticket(action.token, time())
                ticket_id, expires_at = ticket.ticket_id, ticket.expires_at
            else:
                self._state.sessions.read_resume(action.token, time())
        except Rejected:
            return False
        request = LoginRequest(
            id=self._state.new_id(), connection=connection.id, ticket=ticket_id, expires_at=expires_at
        )
        if bus_messages.append(self._broker, request):
            login = _PendingLogin(connection, action, monotonic() + WAIT_S)
            self._by_id[request.id] = self._by_connection[connection] = login
            self._held.hold(connection)
            self._actions.started(connection)
            return True
        if ticket_id is not None:
            self._refuse_for_now(connection, action)
            return True
        self._places[connection] = inf
        return False

    def keeps(self, connection: Member, raw: bytes) -> bool:
        """Keep a message of a client that is held; a client that sends too many is closed."""
        if not self._held.keep(connection, raw):
            return False
        if connection in self._by_connection and self._held.kept(connection) > MOST_KEPT:
            connection.close(CloseCode.RATE_LIMITED, reason_with_retry("rate limited", RETRY_MS))
        return True

    def read(self, request: LoginRequest, place: int, at: float) -> None:
        """A credential came out of the log."""
        login = self._by_id.pop(request.id, None)
        if login is not None:
            self._admit(login, place)
        elif request.ticket is not None:
            self._state.sessions.remember_spent(request.ticket, request.expires_at, at)
            self._state.queue.record(Entry(at, "ticket", id=request.ticket, expires_at=request.expires_at))

    def accepted_elsewhere(self, word: LoginAccepted) -> None:
        """Another server let somebody in: an older connection of that session here ends."""
        self._state.sessions.remember_elsewhere(word.session, word.user, word.expires_at, word.place)
        older = self._state.sessions.live(word.session)
        if older is not None and self._places.get(older, 0) < word.place:
            older.close(CloseCode.REPLACED)

    def gone(self, connection: Member) -> None:
        """A connection ended."""
        self._places.pop(connection, None)
        self._by_connection.pop(connection, None)

    def expire(self, now: float) -> None:
        """Who has waited too long for the log comes in without it, or has to come back."""
        for login_id, login in list(self._by_id.items()):
            if now >= login.deadline:
                del self._by_id[login_id]
                if kind_of(login.action.token) == TICKET:
                    self._expired(login)
                    self._resume(login)
                else:
                    self._admit(login, inf)

    def _expired(self, login: _PendingLogin) -> None:
        """What was written may come out of the log later, and spends the ticket: a fresh one is needed."""
        if isinstance(login.action, Authenticate):
            login.connection.close(CloseCode.AUTH_TIMEOUT)
        else:
            self._refuse_for_now(login.connection, login.action)

    def _admit(self, login: _PendingLogin, place: float) -> None:
        if login.connection.session.listens:
            self._places[login.connection] = place
            self._perform(login.connection, login.action)
            self._announce_accepted(login.connection.session.identity, place)
        self._resume(login)

    def _announce_accepted(self, identity: Identity | None, place: float) -> None:
        if identity is not None and place != inf:
            bus_messages.broadcast(
                self._broker,
                LoginAccepted(
                    server=self._me,
                    session=identity.session_id,
                    user=identity.user_id,
                    expires_at=identity.expires_at,
                    place=int(place),
                ),
            )

    def _resume(self, login: _PendingLogin) -> None:
        """It is judged: now what the connection said behind it, first what was in line before it was written."""
        self._by_connection.pop(login.connection, None)
        self._actions.ended(login.connection)
        self._held.release(login.connection)

    def _refuse_for_now(self, connection: Member, action: Authenticate | Renew) -> None:
        if isinstance(action, Renew):
            self._perform(connection, Refuse("unavailable"))
        else:
            connection.close(CloseCode.TRY_LATER, reason_with_retry("busy", RETRY_MS))

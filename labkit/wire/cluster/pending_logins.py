"""Process logins in the order of the log.

So a ticket admits only one connection on one server, and a session's newest connection wins. A valid ticket or resume
credential is appended to the log, and accepted when the log delivers it. Until then, the connection's later messages
are held. Invalid credentials never reach the log, because it is never truncated.

While the broker is unavailable, a ticket is refused with 1013, because another server may have accepted it. A resume
credential is accepted at once. If the log does not deliver a ticket in time, it may still be spent later; so the
connection is closed with 4401, and the client needs a fresh ticket. The dev token bypasses the log and always starts a
new session.
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
from labkit.wire.cluster import bus_messages
from labkit.wire.cluster.action_queue import ActionQueue
from labkit.wire.cluster.broker import Broker
from labkit.wire.cluster.bus_messages import LoginAccepted, LoginRequest
from labkit.wire.held_input import HeldInput
from labkit.wire.member import Member
from labkit.wire.server_state import ServerState

WAIT_S = 2.0  # how long to wait for the log; the auth timeout is longer
RETRY_MS = 2000
MAX_HELD = 64  # messages per connection


@dataclass
class _PendingLogin:
    connection: Member
    action: Authenticate | Renew
    deadline: float


class PendingLogins:
    """The connections of one server whose logins are still on their way through the log."""

    def __init__(
        self,
        state: ServerState,
        held: HeldInput,
        broker: Broker,
        queue: ActionQueue,
        me: str,
        perform: Callable[[Member, Authenticate | Renew | Refuse], None],
    ) -> None:
        """`perform` performs an action immediately; `me` is this server's name in messages to the others."""
        self._state = state
        self._held = held
        self._broker = broker
        self._actions = queue
        self._me = me
        self._perform = perform
        self._by_id: dict[str, _PendingLogin] = {}
        self._by_connection: dict[Member, _PendingLogin] = {}
        self._places: dict[Member, float] = {}  # the place in the log at which a connection took over its session

    def submit(self, connection: Member, action: Authenticate | Renew) -> bool:
        """Append a login to the log. Return False if the caller must check the credential now, without the log."""
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
        """Hold a message if its client is on hold, and return whether it was. Close a client that sends too many."""
        if not self._held.keep(connection, raw):
            return False
        if connection in self._by_connection and self._held.kept(connection) > MAX_HELD:
            connection.close(CloseCode.RATE_LIMITED, reason_with_retry("rate limited", RETRY_MS))
        return True

    def read(self, request: LoginRequest, place: int, at: float) -> None:
        """Accept a login that the log delivered, or record a ticket that was spent on another server."""
        login = self._by_id.pop(request.id, None)
        if login is not None:
            self._admit(login, place)
        elif request.ticket is not None:
            self._state.sessions.remember_spent(request.ticket, request.expires_at, at)
            self._state.queue.record(Entry(at, "ticket", id=request.ticket, expires_at=request.expires_at))

    def accepted_elsewhere(self, message: LoginAccepted) -> None:
        """Record a login on another server, and close our older connection for that session."""
        self._state.sessions.remember_elsewhere(message.session, message.user, message.expires_at, message.place)
        older = self._state.sessions.live(message.session)
        if older is not None and self._places.get(older, 0) < message.place:
            older.close(CloseCode.REPLACED)

    def gone(self, connection: Member) -> None:
        """Forget a connection that has ended."""
        self._places.pop(connection, None)
        self._by_connection.pop(connection, None)

    def expire(self, now: float) -> None:
        """Stop waiting for overdue logins: accept a resume credential, but refuse a ticket."""
        for login_id, login in list(self._by_id.items()):
            if now >= login.deadline:
                del self._by_id[login_id]
                if kind_of(login.action.token) == TICKET:
                    self._expired(login)
                    self._resume(login)
                else:
                    self._admit(login, inf)

    def _expired(self, login: _PendingLogin) -> None:
        """Refuse an overdue ticket. The log may deliver it later and spend it, so the client needs a fresh one."""
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
        """Continue with the connection's waiting actions, then with its held messages."""
        self._by_connection.pop(login.connection, None)
        self._actions.ended(login.connection)
        self._held.release(login.connection)

    def _refuse_for_now(self, connection: Member, action: Authenticate | Renew) -> None:
        if isinstance(action, Renew):
            self._perform(connection, Refuse("unavailable"))
        else:
            connection.close(CloseCode.TRY_LATER, reason_with_retry("busy", RETRY_MS))

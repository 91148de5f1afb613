"""Authenticate connections and renew sessions.

`wire.sessions` checks the credentials. A spent ticket is stored before the answer is sent, so that it stays spent even
after a crash. A session has one connection at a time.
"""

import logging
from collections.abc import Callable
from functools import partial
from time import time

from labkit.rules import actions, answers
from labkit.rules.admission import window_ms
from labkit.rules.close_codes import CloseCode
from labkit.rules.credentials import Rejected
from labkit.rules.session import Identity
from labkit.wire.audit.writer import Entry
from labkit.wire.external.claims import NotAccepted
from labkit.wire.member import Member
from labkit.wire.server_state import ServerState
from labkit.wire.sessions import NotFromHere

GrantsChanged = Callable[[Member, dict[str, str]], None]  # with the joined rooms that lose rights, and what remains

_LOGGER = logging.getLogger(__name__)
INSTEAD = "connect to localhost without a proxy, or issue tickets with --users"


class Authentication:
    """Performs the actions `Authenticate` and `Renew`."""

    def __init__(
        self, state: ServerState, changed: GrantsChanged, close: Callable[[Member, actions.Close], None]
    ) -> None:
        self._state = state
        self._changed = changed
        self._close = close

    def authenticate(self, connection: Member, action: actions.Authenticate) -> None:
        """Check a connection's first credential."""
        state = self._state
        trusted = state.admission.trusts(connection.peer)
        try:
            named = connection.peer.named
            identity, entries = state.sessions.admit(action.token, trusted=trusted, now=time(), handshake=named)
        except Rejected as rejected:
            self._reject(connection, rejected)
            return
        welcome = partial(self._welcome, connection, identity, action.previous)
        self._accept(connection, identity, entries, welcome)

    def renew(self, connection: Member, action: actions.Renew) -> None:
        """Check a newer credential on an open connection."""
        state, current = self._state, connection.session.identity
        assert current is not None  # the session's table allows a refresh only in OPEN
        trusted = state.admission.trusts(connection.peer)
        try:
            named = connection.peer.named
            identity, entries = state.sessions.renew(
                current, action.token, trusted=trusted, now=time(), handshake=named
            )
        except Rejected as rejected:
            self._reject(connection, rejected)
            return
        self._accept(connection, identity, entries, partial(self._send_auth_ok, connection, identity, None))

    def _accept(self, connection: Member, identity: Identity, entries: list[Entry], answer: "partial[None]") -> None:
        """Change the session's state immediately, but send the answer only when the entries are stored."""
        state = self._state
        changed = connection.session.accepted(identity)
        for entry in entries:
            state.queue.record(entry)
        started = state.sessions.started(connection.id, identity, time())
        sorry = partial(connection.close, CloseCode.SERVER_ERROR)
        state.queue.then(started, answer, sorry)
        if changed:
            state.queue.then(None, partial(self._changed, connection, changed))

    def _reject(self, connection: Member, rejected: Rejected) -> None:
        state = self._state
        state.counts.rejected += 1
        if isinstance(rejected, NotFromHere):
            why = state.admission.why_not_trusted(connection.peer)
            _LOGGER.warning("dev token refused", extra={"connection": connection.id, "why": why, "instead": INSTEAD})
        if isinstance(rejected, NotAccepted):
            extra = {"connection": connection.id, "address": connection.peer.address, "why": rejected.refusal.why}
            _LOGGER.warning("identity refused", extra=extra)
        body = answers.encode({"code": rejected.code.value}).decode()
        state.queue.record(Entry(time(), "denied", connection=connection.id, body=body))
        self._close(connection, actions.Close(rejected.code, rejected.reason))

    def _welcome(self, connection: Member, identity: Identity, previous: str | None) -> None:
        if connection.closing:
            return
        if self._state.sessions.is_revoked(identity):
            connection.close(CloseCode.REVOKED)
            return
        older = self._state.sessions.newest(connection, identity)
        if older is not None:
            older.close(CloseCode.REPLACED)
        connection.authenticated(self._state.rng.random())
        self._send_auth_ok(connection, identity, previous)

    def _send_auth_ok(self, connection: Member, identity: Identity, previous: str | None) -> None:
        state = self._state
        ping_s = state.limits.ping_interval_s
        ok = answers.auth_ok(
            connection_id=connection.id,
            user_id=identity.user_id,
            resume=state.sessions.resume(identity),
            expires_at=identity.expires_at,
            ping_ms=0 if ping_s is None else round(1000 * ping_s),
            window_ms=window_ms(len(state.connections), state.limits.handshakes_per_s),
            previous=state.sessions.closed_before(previous),
        )
        connection.send(answers.encode(ok))

    def end_sessions(
        self, user_id: str, now: float, order: float | None = None, revocation_id: str | None = None
    ) -> int:
        """End all of a user's sessions. Return the number of connections closed.

        `queue.has_unstored` is true until the revocation is stored.
        """
        live, entry = self._state.sessions.revoke(user_id, now, order, revocation_id)
        self._state.queue.record_until_stored(entry)
        for connection in live:
            connection.close(CloseCode.REVOKED)
        return len(live)

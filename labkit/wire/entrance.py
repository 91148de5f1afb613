"""From a credential to `auth_ok`: authentication, renewal, and one connection a session.

The credential is checked against `wire.sessions`; what it spends is stored before the answer goes out, so that a
single-use ticket stays spent whatever happens to the server. Taught in notebook 02 (auth).
"""

import logging
from functools import partial
from time import time
from typing import TYPE_CHECKING

from labkit.rules import actions, answers
from labkit.rules.admission import window_ms
from labkit.rules.close_codes import CloseCode
from labkit.rules.credentials import Rejected
from labkit.rules.session import Identity
from labkit.wire.audit.writer import Entry
from labkit.wire.membership import Memberships
from labkit.wire.sessions import NotFromHere

if TYPE_CHECKING:
    from labkit.wire.connection import Connection
    from labkit.wire.hub import Hub

_LOGGER = logging.getLogger(__name__)
INSTEAD = "connect to localhost without a proxy, or give out tickets with --users"


class Entrance:
    """Performs `Authenticate` and `Renew`."""

    def __init__(self, hub: "Hub", memberships: Memberships) -> None:
        self._hub = hub
        self._memberships = memberships

    def authenticate(self, connection: "Connection", action: actions.Authenticate) -> None:
        """Check the first credential of a connection."""
        hub = self._hub
        trusted = hub.gate.trusts(connection.peer)
        try:
            identity, entries = hub.sessions.admit(action.token, trusted=trusted, now=time())
        except Rejected as rejected:
            self._reject(connection, rejected)
            return
        welcome = partial(self._welcome, connection, identity, action.previous)
        self._accept(connection, identity, entries, welcome)

    def renew(self, connection: "Connection", action: actions.Renew) -> None:
        """Check a newer credential on a live connection."""
        hub, current = self._hub, connection.session.identity
        assert current is not None  # the table renews only in OPEN
        trusted = hub.gate.trusts(connection.peer)
        try:
            identity, entries = hub.sessions.renew(current, action.token, trusted=trusted, now=time())
        except Rejected as rejected:
            self._reject(connection, rejected)
            return
        self._accept(connection, identity, entries, partial(self._send_auth_ok, connection, identity, None))

    def _accept(
        self, connection: "Connection", identity: Identity, entries: list[Entry], answer: "partial[None]"
    ) -> None:
        """The session moves on at once; the answer waits until what was spent is stored."""
        hub = self._hub
        changed = connection.session.accepted(identity)
        for entry in entries:
            hub.queue.record(entry)
        started = hub.sessions.started(connection.id, identity, time())
        sorry = partial(connection.close, CloseCode.SERVER_ERROR)
        hub.queue.then(started, answer, sorry)
        if changed:
            hub.queue.then(None, partial(self._memberships.changed, connection, changed))

    def _reject(self, connection: "Connection", rejected: Rejected) -> None:
        hub = self._hub
        hub.counts.rejected += 1
        if isinstance(rejected, NotFromHere):
            why = hub.gate.why_not_trusted(connection.peer)
            _LOGGER.warning("dev token refused", extra={"connection": connection.id, "why": why, "instead": INSTEAD})
        body = answers.encode({"code": rejected.code.value}).decode()
        hub.queue.record(Entry(time(), "denied", connection=connection.id, body=body))
        hub.perform_here(connection, actions.Close(rejected.code, rejected.reason))

    def _welcome(self, connection: "Connection", identity: Identity, previous: str | None) -> None:
        if connection.closing:
            return
        if self._hub.sessions.is_revoked(identity):
            connection.close(CloseCode.REVOKED)
            return
        older = self._hub.sessions.newest(connection, identity)
        if older is not None:
            older.close(CloseCode.REPLACED)
        connection.authenticated(self._hub.rng.random())
        self._send_auth_ok(connection, identity, previous)

    def _send_auth_ok(self, connection: "Connection", identity: Identity, previous: str | None) -> None:
        hub = self._hub
        ping_s = hub.limits.ping_interval_s
        ok = answers.auth_ok(
            connection_id=connection.id,
            user_id=identity.user_id,
            resume=hub.sessions.resume(identity),
            expires_at=identity.expires_at,
            ping_ms=0 if ping_s is None else round(1000 * ping_s),
            window_ms=window_ms(len(hub.connections), hub.limits.handshakes_per_s),
            previous=hub.sessions.closed_before(previous),
        )
        connection.send(answers.encode(ok))

"""A server's sessions. Credentials are checked against spent tickets, revocations and known sessions.

A ticket or the dev token starts a session, a `resume` credential continues it, `refresh` renews it, and expiry or a
revocation ends it. A session's newest connection replaces the older one. Close codes are kept for a while: a stalled
client sees only 1006, and later asks for the cause with `previous`.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from math import inf, isfinite
from typing import TYPE_CHECKING

from labkit.rules import credentials
from labkit.rules.answers import Answer
from labkit.rules.close_codes import CloseCode
from labkit.rules.credentials import Credentials, Moment, Rejected, SpentTickets, Ticket
from labkit.rules.grants import EVERY_ROOM, Grants
from labkit.rules.limits import Limits
from labkit.rules.session import CLOSES_KEPT, Identity, Known
from labkit.wire.audit.writer import Entry
from labkit.wire.external.claims import LONGEST_S, External, NotAccepted, Refusal
from labkit.wire.member import Member

if TYPE_CHECKING:  # it imports PyJWT, which most servers do not need
    from labkit.wire.external.identities import Identities

REVOCATIONS_OF_A_USER = 8  # kept separately, because a ticket may have been signed after one and before another
PURGE_EVERY = 1_000  # the number of new sessions after which expired ones are purged


class NotFromHere(Rejected):
    """The dev token is correct, but did not come directly from this machine."""


class Sessions:
    """One server's sessions. Times are in seconds since 1970.

    Times only limit validity. `order` decides what came first: it is the number of revocations so far or, on a server
    that shares its rooms, the place in the log. `epoch` identifies the numbering.
    """

    def __init__(
        self,
        limits: Limits,
        signer: Credentials,
        new_id: Callable[[], str],
        dev_token: str | None,
        epoch: str | None = None,
        at_revocation: Callable[[], object] | None = None,
        identities: "Identities | None" = None,
    ) -> None:
        """`epoch` identifies the shared log, if several servers share their rooms. `identities`: from elsewhere.

        With an epoch or with `at_revocation`, sessions that another server started with this key are valid.
        `at_revocation` must ensure that a revoked user can no longer use any credential signed with this key.
        """
        self._limits = limits
        self._signer = signer
        self._new_id = new_id
        self._dev_token = dev_token
        self._spent = SpentTickets()
        self._known: dict[str, Known] = {}
        self._live: dict[str, Member] = {}
        self._closes: OrderedDict[str, Answer] = OrderedDict()
        self.epoch = epoch
        self.order: float = 0
        self._revoked: dict[str, dict[str, float]] = {}  # user -> revocation id -> order
        self._revoked_at: dict[str, float] = {}  # user -> time; only an issuer elsewhere needs a clock
        self._identities = identities
        self._trusts_its_key = epoch is not None or at_revocation is not None
        self._at_revocation = at_revocation
        self._started = 0

    # Logins

    def admit(
        self, token: str, *, trusted: bool, now: float, handshake: External | Refusal | None = None
    ) -> tuple[Identity, list[Entry]]:
        """Check a token. Return the identity and the entries to store. Raises Rejected.

        `handshake`: what a cookie or a gateway's header said about the user.
        """
        if isinstance(handshake, Refusal) and handshake.is_forged:
            raise NotAccepted(handshake)
        identity, entries = self._admit(token, trusted, now, handshake)
        _must_be_bound_user(identity.user_id, handshake)
        return identity, entries

    def _admit(
        self, token: str, trusted: bool, now: float, handshake: External | Refusal | None
    ) -> tuple[Identity, list[Entry]]:
        external = None if self._identities is None else self._identities.of_token(token, handshake, now)
        if external is not None:
            return self._new_external(external, now), []
        kind = credentials.kind_of(token)
        if kind == credentials.RESUME:
            return self.read_resume(token, now), []
        if kind == credentials.TICKET:
            return self._spend(token, now)
        self._check_dev_token(token, trusted)
        return self._new_identity(f"user-{self._new_id()[:8]}", EVERY_ROOM, now), []

    def renew(
        self,
        identity: Identity,
        token: str,
        *,
        trusted: bool,
        now: float,
        handshake: External | Refusal | None = None,
    ) -> tuple[Identity, list[Entry]]:
        """Return the session with a later expiry. Raises Rejected, even for another user's valid credential.

        A session that an issuer elsewhere began ends when the newest of that issuer's credentials does.
        """
        newer, entries = self._renewing(identity, token, trusted, now, handshake)
        if newer.user_id != identity.user_id:
            raise Rejected(CloseCode.AUTH_FAILED)
        expires_at = min(max(identity.expires_at, now + self._limits.session_ttl_s), newer.ends_at)
        return replace(identity, grants=newer.grants, expires_at=expires_at, ends_at=newer.ends_at), entries

    def _renewing(
        self, identity: Identity, token: str, trusted: bool, now: float, handshake: External | Refusal | None
    ) -> tuple[Identity, list[Entry]]:
        if self._dev_token is not None and credentials.same_secret(token, self._dev_token):
            self._check_dev_token(token, trusted)
            return identity, []
        return self.admit(token, trusted=trusted, now=now, handshake=handshake)

    def started(self, connection_id: str, identity: Identity, now: float) -> Entry:
        """Register a session. Return the entry from which a server can recover it later."""
        self._started += 1
        if self._started % PURGE_EVERY == 0:
            self._known = {key: known for key, known in self._known.items() if known.expires_at >= now}
        self._known[identity.session_id] = Known(identity.user_id, identity.expires_at, since=self.order)
        return Entry(
            now,
            "auth",
            id=identity.session_id,
            user=identity.user_id,
            connection=connection_id,
            expires_at=identity.expires_at,
        )

    def newest(self, connection: Member, identity: Identity) -> Member | None:
        """Make this the session's connection. Return the older one, if any, for the caller to close."""
        older = self._live.get(identity.session_id)
        self._live[identity.session_id] = connection
        return older if older is not connection else None

    def resume(self, identity: Identity) -> str:
        """Sign a resume credential for a session."""
        return self._signer.resume(identity, self._moment(identity.user_id))

    def ticket(self, user_id: str, grants: Grants, now: float) -> str:
        """Sign a fresh ticket."""
        return self._signer.ticket(
            Ticket(self._new_id(), user_id, grants, now + self._limits.ticket_ttl_s, self._moment(user_id))
        )

    def _moment(self, user_id: str) -> Moment:
        revoked = self._revoked.get(user_id, {})
        return Moment(self.epoch, self.order, tuple(name for name, order in revoked.items() if order == inf))

    def _was_revoked(self, user_id: str, moment: Moment) -> bool:
        """Return whether the user has been revoked since a credential was signed at this moment."""
        since = moment.order if moment.epoch == self.epoch else -inf
        revoked = self._revoked.get(user_id, {})
        return any(since < order and name not in moment.knows for name, order in revoked.items())

    def _has_ended(self, known: Known) -> bool:
        return known.is_revoked or self._was_revoked(known.user_id, Moment(self.epoch, known.since))

    def remember_elsewhere(self, session_id: str, user_id: str, expires_at: float, place: float) -> None:
        """Record a login on another server. Its place in the log may be one that we have not read yet."""
        known = self._known.get(session_id, Known(user_id, expires_at))
        self._known[session_id] = known._replace(expires_at=expires_at, since=max(known.since, place))

    def read_ticket(self, token: str, now: float) -> Ticket:
        """Verify a ticket without spending it. Raises Rejected."""
        return self._signer.read_ticket(token, now)

    def read_resume(self, token: str, now: float) -> Identity:
        """Verify a resume credential, and return the session's identity. Raises Rejected."""
        identity, moment = self._signer.read_resume(token, now)
        known = self._known.get(identity.session_id)
        if known is None and not self._trusts_its_key:
            raise Rejected(CloseCode.SESSION_EXPIRED)
        if self._has_ended(known) if known is not None else self._was_revoked(identity.user_id, moment):
            raise Rejected(CloseCode.REVOKED)
        return identity

    def live(self, session_id: str) -> Member | None:
        """Return a session's open connection, or None."""
        return self._live.get(session_id)

    def _spend(self, token: str, now: float) -> tuple[Identity, list[Entry]]:
        ticket = self._signer.read_ticket(token, now)
        if self._was_revoked(ticket.user_id, ticket.moment):
            raise Rejected(CloseCode.REVOKED)
        if not self._spent.spend(ticket.ticket_id, ticket.expires_at, now):
            raise Rejected(CloseCode.AUTH_FAILED)
        entry = Entry(now, "ticket", id=ticket.ticket_id, user=ticket.user_id, expires_at=ticket.expires_at)
        return self._new_identity(ticket.user_id, ticket.grants, now), [entry]

    def _check_dev_token(self, token: str, trusted: bool) -> None:
        if self._dev_token is None or not credentials.same_secret(token, self._dev_token):
            raise Rejected(CloseCode.AUTH_FAILED)
        if not trusted:
            raise NotFromHere(CloseCode.AUTH_FAILED)

    def _new_identity(self, user_id: str, grants: Grants, now: float) -> Identity:
        return Identity(self._new_id(), user_id, grants, now + self._limits.session_ttl_s)

    def _new_external(self, external: External, now: float) -> Identity:
        """Start a session of a user for whom another system vouches. Raises Rejected."""
        if now >= external.expires_at:
            raise Rejected(CloseCode.SESSION_EXPIRED)
        revoked_at = self._revoked_at.get(external.user_id)
        if revoked_at is not None and external.issued_at <= revoked_at:
            raise Rejected(CloseCode.REVOKED)
        started = self._new_identity(external.user_id, external.grants, now)
        expires_at = min(started.expires_at, external.expires_at)
        return replace(started, expires_at=expires_at, ends_at=external.expires_at)

    # Revocations and closes

    def revoke(
        self, user_id: str, now: float, order: float | None = None, revocation_id: str | None = None
    ) -> tuple[list[Member], Entry]:
        """Invalidate a user's sessions and unused tickets. Return the connections to close and the entry to store.

        If `order` is None, the revocation gets the next number. Infinity means that the log has not delivered it yet.
        """
        order = self.order + 1 if order is None else order
        self.remember_revoked(user_id, order, revocation_id, now)
        if self._at_revocation is not None:
            self._at_revocation()
        live = [one for one in self._live.values() if one.session.identity and one.session.identity.user_id == user_id]
        # Until all earlier credentials expire
        elsewhere_s = 0 if self._identities is None else LONGEST_S
        good_for = max(self._limits.ticket_ttl_s, self._limits.session_ttl_s, elsewhere_s)
        seq = int(order) if isfinite(order) else None
        expires_at = now + good_for
        entry = Entry(now, "revoke", epoch=self.epoch, seq=seq, id=revocation_id, user=user_id, expires_at=expires_at)
        return live, entry

    def revoked_at(self, user_id: str) -> float | None:
        """Return the order of a user's newest numbered revocation, or None if there is none."""
        return max(filter(isfinite, self._revoked.get(user_id, {}).values()), default=None)

    def is_revoked(self, identity: Identity) -> bool:
        """Return whether a session has been revoked, for example while its `auth_ok` was waiting for the disk."""
        known = self._known.get(identity.session_id)
        return known is not None and self._has_ended(known)

    def ended(self, connection: Member, identity: Identity | None, close: Answer) -> None:
        """Remember how a connection ended, for the same client's next connection.

        Skip unauthenticated connections. Their clients never received a connectionId to ask about, and a flood of them
        would displace the others.
        """
        if identity is None:
            return
        if self._live.get(identity.session_id) is connection:
            del self._live[identity.session_id]
        self.remember_close(connection.id, close)

    def closed_before(self, connection_id: str | None) -> Answer | None:
        """Return how an earlier connection ended, or None if that is unknown."""
        return None if connection_id is None else self._closes.get(connection_id)

    # Recovered or received state

    def remember_close(self, connection_id: str, close: Answer) -> None:
        """Remember how a connection ended. Keep the newest CLOSES_KEPT."""
        self._closes[connection_id] = close
        if len(self._closes) > CLOSES_KEPT:
            self._closes.popitem(last=False)

    def remember_spent(self, ticket_id: str, expires_at: float, now: float) -> None:
        """Mark a ticket as spent."""
        self._spent.spend(ticket_id, expires_at, now)

    def remember_revoked(self, user_id: str, order: float, revocation_id: str | None = None, at: float = -inf) -> None:
        """Register a revocation. `at`: its time on the clock of the server that ordered it."""
        self._revoked_at[user_id] = max(at, self._revoked_at.get(user_id, -inf))
        revoked = self._revoked.setdefault(user_id, {})
        revoked[revocation_id or ""] = order
        if len(revoked) > REVOCATIONS_OF_A_USER:
            del revoked[min(revoked, key=revoked.__getitem__)]
        if isfinite(order):
            self.order = max(self.order, order)

    def remember(self, session_id: str, known: Known) -> None:
        """Register a session from the audit file. It counts as newer than all revocations registered so far."""
        self._known[session_id] = known._replace(since=self.order)


def _must_be_bound_user(user_id: str, handshake: External | Refusal | None) -> None:
    """Raise Rejected if the gateway names another user for this connection."""
    if isinstance(handshake, External) and handshake.is_binding and handshake.user_id != user_id:
        raise NotAccepted(Refusal("the gateway names another user than the credential"))

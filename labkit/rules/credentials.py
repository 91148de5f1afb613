"""Tickets and resume credentials: signed strings that the server can check without a lookup.

    ticket   t.KEY.payload.signature   for one login; holds the user, the rooms, and its expiry
    resume   r.KEY.payload.signature   for one session; reusable until the session expires

Each holds its position in the sequence of revocations (`Moment`) and its expiry as wall-clock time. Expiry needs the
wall clock, because a client and a later server must both understand it. Order never depends on a clock.

The payload is signed (itsdangerous), not encrypted, so its holder can read it. A credential names the key that signed
it. That distinguishes another server's credential (4419: fetch a fresh ticket) from a forged one (4403).
"""

import hmac
from collections import OrderedDict
from collections.abc import Mapping
from math import inf
from typing import Any, NamedTuple

from itsdangerous import BadData, URLSafeSerializer
from itsdangerous.encoding import base64_encode

from labkit.rules.answers import encode
from labkit.rules.close_codes import CloseCode, row
from labkit.rules.grants import BadGrant, Grants
from labkit.rules.session import Identity

TICKET = "t"
RESUME = "r"
SPENT_KEPT = 10_000


class Rejected(Exception):
    """The credential is invalid. Holds the close code, never the credential itself."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(row(code).reason)
        self.code = code
        self.reason = row(code).reason


class Moment(NamedTuple):
    """A position in the sequence of revocations. Positions from different epochs cannot be compared.

    `knows` lists the user's revocations that were already in force but had no number yet, by id.
    """

    epoch: str | None = None
    order: float = 0
    knows: tuple[str, ...] = ()


AT_THE_START = Moment()


class Ticket(NamedTuple):
    """A verified ticket: its id (so it is spent only once), user, grants, expiry, and the moment it was signed."""

    ticket_id: str
    user_id: str
    grants: Grants
    expires_at: float
    moment: Moment = AT_THE_START


class Resumed(NamedTuple):
    """A verified resume credential: the session, and the moment it was signed."""

    identity: Identity
    moment: Moment


class _Opened(NamedTuple):
    """The content of a credential. Ticket has the first five fields in this order, and Identity the first four."""

    id: str
    user_id: str
    grants: Grants
    expires_at: float
    moment: Moment
    ends_at: float


class Credentials:
    """Signs and verifies credentials with one key. Times are in seconds since 1970."""

    def __init__(self, key_id: str, secret: bytes, ticket_secret: bytes | None = None) -> None:
        """Raises ValueError if `key_id` is empty or contains a dot, the separator within a credential.

        Tickets are signed with `ticket_secret`, if given, so that they can become invalid before sessions do.
        """
        if not key_id or "." in key_id:
            raise ValueError(f"a key id needs at least one character and no dot, got {key_id!r}")
        self._key_id = key_id
        secrets = {TICKET: ticket_secret or secret, RESUME: secret}
        self._serializers = {kind: URLSafeSerializer(key, salt=f"labkit.{kind}") for kind, key in secrets.items()}
        self._signers = {kind: serializer.make_signer() for kind, serializer in self._serializers.items()}

    def ticket(self, ticket: Ticket) -> str:
        """Sign a ticket."""
        payload = {
            "id": ticket.ticket_id,
            "user": ticket.user_id,
            "rooms": ticket.grants.rooms,
            "exp": ticket.expires_at,
            **_written(ticket.moment),
        }
        return self._sign(TICKET, payload)

    def resume(self, identity: Identity, moment: Moment = AT_THE_START) -> str:
        """Sign the resume credential of a session that is not revoked at this moment."""
        payload = {
            "id": identity.session_id,
            "user": identity.user_id,
            "rooms": identity.grants.rooms,
            "exp": identity.expires_at,
            **_written(moment),
            **({} if identity.ends_at == inf else {"end": identity.ends_at}),
        }
        return self._sign(RESUME, payload)

    def read_ticket(self, token: str, now: float) -> Ticket:
        """Verify a ticket. Raises Rejected, always with 4403, because the user needs a fresh ticket."""
        opened = self._open(TICKET, token)
        if opened is None or now > opened.expires_at:
            raise Rejected(CloseCode.AUTH_FAILED)
        return Ticket(*opened[:5])

    def read_resume(self, token: str, now: float) -> Resumed:
        """Verify a resume credential.

        Raises Rejected: with 4419 for an unknown key or an expired session, and with 4403 for a wrong signature.
        """
        if token.split(".")[1:2] != [self._key_id]:
            raise Rejected(CloseCode.SESSION_EXPIRED)
        opened = self._open(RESUME, token)
        if opened is None:
            raise Rejected(CloseCode.AUTH_FAILED)
        if now > opened.expires_at:
            raise Rejected(CloseCode.SESSION_EXPIRED)
        return Resumed(Identity(*opened[:4], opened.ends_at), opened.moment)

    def _sign(self, kind: str, payload: Mapping[str, Any]) -> str:
        """Sign a payload. Unlike `URLSafeSerializer.dumps`, do not try to compress it.

        Every `auth_ok` contains a credential, and `dumps` added 40 us to each connection in a reconnect storm.
        """
        return f"{kind}.{self._key_id}.{self._signers[kind].sign(base64_encode(encode(payload))).decode()}"

    def _open(self, kind: str, token: str) -> _Opened | None:
        """Return the content of a credential that this key signed, or None for anything else."""
        token_kind, _, rest = token.partition(".")
        key_id, _, signed = rest.partition(".")
        if (token_kind, key_id) != (kind, self._key_id):
            return None
        try:
            payload = self._serializers[kind].loads(signed)
            if not self._is_canonical(kind, signed):
                return None
            epoch, order, *knows = payload.get("at", AT_THE_START[:2])
            moment = Moment(epoch, order, tuple(knows))
            grants, ends_at = Grants.of(payload["rooms"]), payload.get("end", inf)
            return _Opened(payload["id"], payload["user"], grants, payload["exp"], moment, ends_at)
        except (BadData, BadGrant, UnicodeEncodeError, KeyError, TypeError, ValueError, AttributeError):
            return None

    def _is_canonical(self, kind: str, signed: str) -> bool:
        """Return whether the signature is canonical Base64. Several Base64 strings decode to the same bytes."""
        text, _, signature = signed.rpartition(".")
        return same_secret(signature, self._signers[kind].get_signature(text).decode())


def _written(moment: Moment) -> dict[str, list[str | float | None]]:
    """Return a moment's payload fields. Most credentials have none, because no revocation came before them."""
    return {} if moment == AT_THE_START else {"at": [moment.epoch, moment.order, *moment.knows]}


def kind_of(token: str) -> str | None:
    """Return TICKET, RESUME, or None for anything else, such as a dev token."""
    kind, dot, _ = token.partition(".")
    return kind if dot and kind in (TICKET, RESUME) else None


def same_secret(given: str, expected: str) -> bool:
    """Compare in constant time, so that response times reveal nothing about the secret."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass"))


class SpentTickets:
    """The ids of used tickets, kept until the tickets expire.

    The newest SPENT_KEPT ids are kept even longer. If a fast clock is set back, an expired ticket may be valid again.
    """

    def __init__(self) -> None:
        self._spent: OrderedDict[str, float] = OrderedDict()

    def spend(self, ticket_id: str, expires_at: float, now: float) -> bool:
        """Mark a ticket as used; return False when it was used before."""
        while len(self._spent) > SPENT_KEPT and next(iter(self._spent.values())) < now:
            self._spent.popitem(last=False)
        if ticket_id in self._spent:
            return False
        self._spent[ticket_id] = expires_at
        return True

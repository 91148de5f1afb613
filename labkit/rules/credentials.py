"""Tickets and resume credentials: signed text that the server can check without looking anything up.

    ticket   t.KEY.payload.signature   single use; who, which rooms, and a last moment for its first use
    resume   r.KEY.payload.signature   one session: good until the session expires, as often as needed

Each says when it was signed in the order of the house's revocations (`Moment`), and until when it is good by the wall
clock: only a clock can tell that to a server that starts tomorrow, and to the client. No order is judged by a clock.

The payload is readable by its holder and is not secret; the signature is itsdangerous'. A credential names the key
that signed it: that is how an old server's credential (fetch a fresh ticket, 4419) differs from a forged one (4403).
Taught in notebook 02 (auth).
"""

import hmac
from collections import OrderedDict
from collections.abc import Mapping
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
    """A credential that opens nothing; it carries the close code, never the credential."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(row(code).reason)
        self.code = code
        self.reason = row(code).reason


class Moment(NamedTuple):
    """How far the house's revocations had come. Moments of two epochs are in no order: `epoch` names the numbering.

    `knows`: ids of the user's revocations that had no number yet, and were known nevertheless.
    """

    epoch: str | None = None
    order: float = 0
    knows: tuple[str, ...] = ()


AT_THE_START = Moment()


class Ticket(NamedTuple):
    """A ticket that was read: its id, to spend it once, whom it lets in, and when it was signed."""

    ticket_id: str
    user_id: str
    grants: Grants
    expires_at: float
    moment: Moment = AT_THE_START


class Resumed(NamedTuple):
    """A resume credential that was read: the session, and when the credential was signed."""

    identity: Identity
    moment: Moment


class _Opened(NamedTuple):
    """What a credential says, in the order in which Ticket takes it; Identity takes the first four."""

    id: str
    user_id: str
    grants: Grants
    expires_at: float
    moment: Moment


class Credentials:
    """Signs and reads with one key. Times are seconds since 1970."""

    def __init__(self, key_id: str, secret: bytes, ticket_secret: bytes | None = None) -> None:
        """`key_id` names the key in each credential; a dot in it would end the name. Raises ValueError.

        `ticket_secret`: for tickets, where they must end earlier than sessions do.
        """
        if not key_id or "." in key_id:
            raise ValueError(f"a key id has at least one character and no dot, got {key_id!r}")
        self._key_id = key_id
        secrets = {TICKET: ticket_secret or secret, RESUME: secret}
        self._signers = {kind: URLSafeSerializer(key, salt=f"labkit.{kind}") for kind, key in secrets.items()}
        self._keys = {kind: signer.make_signer().derive_key() for kind, signer in self._signers.items()}

    def ticket(self, ticket: Ticket) -> str:
        """The text of a ticket."""
        payload = {
            "id": ticket.ticket_id,
            "user": ticket.user_id,
            "rooms": ticket.grants.rooms,
            "exp": ticket.expires_at,
            **_written(ticket.moment),
        }
        return self._sign(TICKET, payload)

    def resume(self, identity: Identity, moment: Moment = AT_THE_START) -> str:
        """The resume credential of a session, signed at a moment at which it was not revoked."""
        payload = {
            "id": identity.session_id,
            "user": identity.user_id,
            "rooms": identity.grants.rooms,
            "exp": identity.expires_at,
            **_written(moment),
        }
        return self._sign(RESUME, payload)

    def read_ticket(self, token: str, now: float) -> Ticket:
        """Raises Rejected with 4403: a ticket is short-lived, so whatever is wrong with it, the user must act."""
        opened = self._open(TICKET, token)
        if opened is None or now > opened.expires_at:
            raise Rejected(CloseCode.AUTH_FAILED)
        return Ticket(*opened)

    def read_resume(self, token: str, now: float) -> Resumed:
        """Raises Rejected: 4419 for an unknown key or an expired session, 4403 for a wrong signature."""
        if token.split(".")[1:2] != [self._key_id]:
            raise Rejected(CloseCode.SESSION_EXPIRED)
        opened = self._open(RESUME, token)
        if opened is None:
            raise Rejected(CloseCode.AUTH_FAILED)
        if now > opened.expires_at:
            raise Rejected(CloseCode.SESSION_EXPIRED)
        return Resumed(Identity(*opened[:4]), opened.moment)

    def _sign(self, kind: str, payload: Mapping[str, Any]) -> str:
        """As itsdangerous would, which reads it: but the key is derived once, and nothing is compressed in vain.

        Every `auth_ok` holds a credential, and that was 40 us of each connection of a storm.
        """
        said = base64_encode(encode(payload))
        signature = base64_encode(hmac.digest(self._keys[kind], said, "sha1"))
        return f"{kind}.{self._key_id}.{said.decode()}.{signature.decode()}"

    def _open(self, kind: str, token: str) -> _Opened | None:
        """What this key has signed as such a credential; None for anything else."""
        said_kind, _, rest = token.partition(".")
        key_id, _, signed = rest.partition(".")
        if (said_kind, key_id) != (kind, self._key_id):
            return None
        try:
            payload = self._signers[kind].loads(signed)
            if not self._is_written_our_way(kind, signed):
                return None
            epoch, order, *knows = payload.get("at", AT_THE_START[:2])
            moment = Moment(epoch, order, tuple(knows))
            return _Opened(payload["id"], payload["user"], Grants.of(payload["rooms"]), payload["exp"], moment)
        except (BadData, BadGrant, UnicodeEncodeError, KeyError, TypeError, ValueError, AttributeError):
            return None

    def _is_written_our_way(self, kind: str, signed: str) -> bool:
        """Base64 lets one signature be written in several ways; of these only ours opens anything."""
        text, _, signature = signed.rpartition(".")
        return same_secret(signature, self._signers[kind].make_signer().get_signature(text).decode())


def _written(moment: Moment) -> dict[str, list[str | float | None]]:
    """Nothing before the first revocation, which is what most credentials are from."""
    return {} if moment == AT_THE_START else {"at": [moment.epoch, moment.order, *moment.knows]}


def kind_of(token: str) -> str | None:
    """TICKET, RESUME, or None for anything else, such as a dev token."""
    kind, dot, _ = token.partition(".")
    return kind if dot and kind in (TICKET, RESUME) else None


def same_secret(given: str, expected: str) -> bool:
    """Compare in constant time, so that the time of an answer tells nothing about the secret."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass"))


class SpentTickets:
    """The ids of tickets that were used, for as long as they would otherwise be good.

    The newest SPENT_KEPT stay longer: when a clock that ran ahead is set right, a used ticket has not expired any more.
    """

    def __init__(self) -> None:
        self._spent: OrderedDict[str, float] = OrderedDict()

    def spend(self, ticket_id: str, expires_at: float, now: float) -> bool:
        """Use a ticket up; False when it was used before."""
        while len(self._spent) > SPENT_KEPT and next(iter(self._spent.values())) < now:
            self._spent.popitem(last=False)
        if ticket_id in self._spent:
            return False
        self._spent[ticket_id] = expires_at
        return True

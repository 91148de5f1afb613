"""What another system says about a user, and what of it this server accepts.

A token and a cookie contain the same claims (RFC 7519): `sub`, the user; `exp`, when the session ends; `iat`, when it
was issued; and the rooms. Times are in seconds since 1970.
"""

from collections.abc import Mapping
from math import inf
from typing import Any, NamedTuple

from labkit.rules.close_codes import CloseCode
from labkit.rules.credentials import Rejected
from labkit.rules.grants import BadGrant, Grants
from labkit.rules.limits import MAX_NAME_UNITS

ROOMS_CLAIM = "rooms"
NO_ROOMS = Grants(())
CLOCK_SKEW_S = 30.0  # how far the issuer's clock may be ahead of ours
LATEST = 253_402_300_799  # the end of the year 9999, beyond which no date is written
LONGEST_S = 400 * 86_400.0  # browsers keep no cookie longer, and a revocation must outlive what it ends


class External(NamedTuple):
    """A user whom another system vouches for.

    `issued_at`: the earliest time at which it may have done so, -inf if it did not say; a revocation since then ends
    it. `is_binding`: on this connection, every credential must belong to this user.
    """

    user_id: str
    grants: Grants
    expires_at: float
    issued_at: float = -inf
    is_binding: bool = False


class Refusal(NamedTuple):
    """Why a handshake brought no identity. If `is_forged`, its connection may not authenticate in any other way."""

    why: str
    code: CloseCode = CloseCode.AUTH_FAILED
    is_forged: bool = False


class NotAccepted(Rejected):
    """An identity from another system was refused. Its `why` is for the log: a fixed sentence, no part of a token."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def refuse(why: str, code: CloseCode = CloseCode.AUTH_FAILED) -> NotAccepted:
    """Make the exception for a fixed sentence."""
    return NotAccepted(Refusal(why, code))


def read_claims(claims: Mapping[str, Any], now: float, rooms_claim: str, default: Grants) -> External:
    """Check claims whose signature is right. Raises NotAccepted: 4419 for an expired identity, otherwise 4403.

    `default`: the rooms of a user without the claim `rooms_claim`.
    """
    user_id = read_user(claims.get("sub"))
    expires_at = _time(claims, "exp")
    if expires_at is None:
        raise refuse("the claim exp is missing, so it would never expire")
    grants = default if claims.get(rooms_claim) is None else read_rooms(claims[rooms_claim])
    starts_at = max(_time(claims, "nbf") or -inf, _time(claims, "iat") or -inf)
    if starts_at > now + CLOCK_SKEW_S:
        raise refuse("it is not valid yet: nbf or iat is in the future; compare the clocks of both machines")
    if expires_at > now + LONGEST_S:
        raise refuse("exp is more than 400 days away")
    if expires_at <= now:
        raise refuse("it has expired", CloseCode.SESSION_EXPIRED)
    return External(user_id, grants, expires_at, (_time(claims, "iat") or -inf) - CLOCK_SKEW_S)


def read_user(name: object) -> str:
    """Check a user's name. Raises NotAccepted."""
    if not isinstance(name, str) or not name:
        raise refuse("the user is missing, empty or not text")
    if len(name.encode("utf-16-le", "surrogatepass")) > 2 * MAX_NAME_UNITS:
        raise refuse(f"the user's name is longer than {MAX_NAME_UNITS} characters")
    if not name.isprintable() or name != name.strip():
        raise refuse("the user's name has control characters, or spaces at an end")
    return name


def read_rooms(rooms: object) -> Grants:
    """Parse the rooms of a user: a list of [pattern, access] pairs, or text as in a users file. Raises NotAccepted."""
    try:
        grants = Grants.from_text(rooms) if isinstance(rooms, str) else Grants.of(rooms)  # type: ignore[arg-type]
    except BadGrant:  # its message would quote the claim
        raise refuse("the rooms are neither [pattern, access] pairs nor text such as `room:* news=r`") from None
    if not grants.fits:
        raise refuse("the rooms do not fit into a resume credential; use patterns with *")
    return grants


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    """Return a time, or None if it is missing. Raises NotAccepted for anything but a finite number."""
    value = claims.get(name)
    if value is None:
        return None
    is_time = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LATEST
    if not is_time:
        raise refuse(f"the claim {name} is not a time in seconds since 1970")
    return float(value)

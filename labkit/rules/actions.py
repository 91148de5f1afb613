"""What a session asks the outside to do about a message: one small value an action.

`rules.session` returns one of these and `wire.hub` has it performed. Nothing here acts. Lesson: notebook 01 (hello).
"""

from dataclasses import dataclass, field

from labkit.rules.close_codes import CloseCode
from labkit.rules.fields import Since
from labkit.rules.messages import Publication


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Check a credential; then call `accepted`, or close with what the check said."""

    token: str = field(repr=False)
    previous: str | None


@dataclass(frozen=True, slots=True)
class Renew:
    """Check a newer credential of the same user; then call `accepted`."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Enter:
    """Make the connection a member and answer `joined`."""

    room_id: str
    since: Since | None
    access: str


@dataclass(frozen=True, slots=True)
class Exit:
    """End the membership and answer `left`."""

    room_id: str


@dataclass(frozen=True, slots=True)
class Publish:
    """Make an event of a publication."""

    message: Publication


@dataclass(frozen=True, slots=True)
class WatchPresence:
    """Answer `presence`, and tell every change from now on."""

    room_id: str


@dataclass(frozen=True, slots=True)
class Pong:
    """Answer `pong`."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer `error`: the connection stays."""

    code: str
    request_id: str | None = None
    room_id: str | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection."""

    code: CloseCode
    reason: str


Action = Authenticate | Renew | Enter | Exit | Publish | WatchPresence | Pong | Refuse | Close

"""The actions that a session asks the server to perform, each a small value object.

`rules.session` returns an action for each message, and `wire.hub` passes it on. Nothing here does any work.
"""

from dataclasses import dataclass, field

from labkit.rules.close_codes import CloseCode
from labkit.rules.fields import Since
from labkit.rules.messages import Publication


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Check a credential; then call `accepted`, or close with the code of the rejection."""

    token: str = field(repr=False)
    previous: str | None


@dataclass(frozen=True, slots=True)
class Renew:
    """Check a newer credential for the same user; then call `accepted`."""

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
    """Turn a published message into an event."""

    message: Publication


@dataclass(frozen=True, slots=True)
class WatchPresence:
    """Answer `presence`, and send an update whenever the room's members change."""

    room_id: str


@dataclass(frozen=True, slots=True)
class Pong:
    """Answer `pong`."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer `error`, but keep the connection open."""

    code: str
    request_id: str | None = None
    room_id: str | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection."""

    code: CloseCode
    reason: str


Action = Authenticate | Renew | Enter | Exit | Publish | WatchPresence | Pong | Refuse | Close

"""The messages that servers exchange: log entries, which all of them read in the same order, and broadcasts."""

import json
from typing import Any, ClassVar

import msgspec

from labkit.rules.answers import encode
from labkit.wire.cluster.broker import Broker


class SharedPublication(msgspec.Struct, tag="said", kw_only=True, omit_defaults=True):
    """Log: a published message; reading it makes it an event. `request` is None if the sender chose no requestId."""

    id: str
    room: str
    user: str
    request: str | None = None
    message: dict[str, Any]

    @property
    def topic(self) -> str:
        """The log topic: one per room."""
        return f"rooms.{self.room}"


class LoginRequest(msgspec.Struct, tag="coming", kw_only=True, omit_defaults=True):
    """Log: a connection presents a ticket, valid until `expires_at`. For a resume credential, `ticket` is None."""

    id: str
    connection: str
    ticket: str | None = None
    expires_at: float = 0.0
    topic: ClassVar[str] = "sessions"


class Revoked(msgspec.Struct, tag="revoked", kw_only=True):
    """Log: a user's sessions that are older than this entry end. `at` is the sender's time, for the audit file."""

    id: str
    user: str
    at: float
    topic: ClassVar[str] = "sessions"


class LoginAccepted(msgspec.Struct, tag="welcomed", kw_only=True):
    """Broadcast: a connection took over a session at this place in the log. The session's older connections end."""

    server: str
    session: str
    user: str
    expires_at: float
    place: int


class Closed(msgspec.Struct, tag="closed", kw_only=True):
    """Broadcast: how a connection ended, so that any server can send `previousClose`."""

    server: str
    connection: str
    close: dict[str, Any]


class Entered(msgspec.Struct, tag="entered", kw_only=True):
    """Broadcast: a user's first connection on this server joined a room. `n` numbers the announced changes."""

    server: str
    n: int
    room: str
    user: str
    since: float


class Gone(msgspec.Struct, tag="gone", kw_only=True):
    """Broadcast: a user's last connection on this server left a room."""

    server: str
    n: int
    room: str
    user: str


class Alive(msgspec.Struct, tag="alive", kw_only=True):
    """Broadcast: this server is alive and has announced `n` changes. A receiver that missed some asks for members."""

    server: str
    n: int


class PresenceRequest(msgspec.Struct, tag="asks", kw_only=True):
    """Broadcast: a request for all members of a server's rooms. `whom` names the server; empty means all servers."""

    server: str
    whom: str = ""


class PresenceReply(msgspec.Struct, tag="present", kw_only=True):
    """Broadcast: part of the answer to `PresenceRequest`. The first part replaces everything known so far."""

    server: str
    n: int
    first: bool
    who: list[tuple[str, str, float]]  # room, user, since


class Leaving(msgspec.Struct, tag="leaving", kw_only=True):
    """Broadcast: this server is stopping, so all its members are gone."""

    server: str


LogEntry = SharedPublication | LoginRequest | Revoked
BusMessage = LoginAccepted | Closed | Entered | Gone | Alive | PresenceRequest | PresenceReply | Leaving
_LOG = msgspec.json.Decoder(LogEntry)
read_bus_message = msgspec.json.Decoder(BusMessage).decode


def read_log_entry(body: bytes) -> LogEntry:
    """Decode a log entry. Raises msgspec.ValidationError or DecodeError for anything else.

    Falls back to Python's JSON parser, because msgspec rejects lone surrogates.
    """
    try:
        entry: LogEntry = _LOG.decode(body)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        try:
            entry = msgspec.convert(json.loads(body), LogEntry)
        except (ValueError, RecursionError) as error:
            raise msgspec.DecodeError(str(error)) from None
    return entry


def write(message: LogEntry | BusMessage) -> bytes:
    """Encode a message. Lone surrogates are escaped, because UTF-8 cannot encode them."""
    return encode(msgspec.to_builtins(message))


def append(broker: Broker, entry: LogEntry) -> bool:
    """Append an entry to the log. Return False if the broker is unavailable."""
    return broker.publish(entry.topic, write(entry), entry.id)


def broadcast(broker: Broker, message: BusMessage) -> None:
    """Send a message to every connected server."""
    broker.broadcast(write(message))

"""The messages between servers: log entries, which all servers read in the same order, and broadcasts."""

import json
from typing import Any, ClassVar

import msgspec

from labkit.rules.answers import encode
from labkit.wire.cluster.broker import Broker


class SharedPublication(msgspec.Struct, tag="said", kw_only=True, omit_defaults=True):
    """Log: a publication, which becomes an event when read. `request` is None when its sender gave no requestId."""

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
    """Log: a connection presents a ticket, valid until `expires_at`, or a resume credential (`ticket` None)."""

    id: str
    connection: str
    ticket: str | None = None
    expires_at: float = 0.0
    topic: ClassVar[str] = "sessions"


class Revoked(msgspec.Struct, tag="revoked", kw_only=True):
    """Log: a user's sessions from before this place end. `at` is the sender's time, for the audit file."""

    id: str
    user: str
    at: float
    topic: ClassVar[str] = "sessions"


class LoginAccepted(msgspec.Struct, tag="welcomed", kw_only=True):
    """Broadcast: a connection took over a session at a place in the log; older connections of the session end."""

    server: str
    session: str
    user: str
    expires_at: float
    place: int


class Closed(msgspec.Struct, tag="closed", kw_only=True):
    """Broadcast: how a connection ended, for `previousClose` on any server."""

    server: str
    connection: str
    close: dict[str, Any]


class Entered(msgspec.Struct, tag="entered", kw_only=True):
    """Broadcast: a user's first connection on this server joined a room. `n` counts the changes announced so far."""

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
    """Broadcast: this server is alive and has announced `n` changes. Receivers with another count ask for members."""

    server: str
    n: int


class PresenceRequest(msgspec.Struct, tag="asks", kw_only=True):
    """Broadcast: asks for all members of a server's rooms. `whom` is that server, or empty for all servers."""

    server: str
    whom: str = ""


class PresenceReply(msgspec.Struct, tag="present", kw_only=True):
    """Broadcast: a part of the answer to `PresenceRequest`. The first part replaces everything known before."""

    server: str
    n: int
    first: bool
    who: list[tuple[str, str, float]]  # room, user, since


class Leaving(msgspec.Struct, tag="leaving", kw_only=True):
    """Broadcast: this server stops, and all its members are gone."""

    server: str


LogEntry = SharedPublication | LoginRequest | Revoked
BusMessage = LoginAccepted | Closed | Entered | Gone | Alive | PresenceRequest | PresenceReply | Leaving
_LOG = msgspec.json.Decoder(LogEntry)
read_bus_message = msgspec.json.Decoder(BusMessage).decode


def read_log_entry(body: bytes) -> LogEntry:
    """Decode a log entry. Raises msgspec.ValidationError or DecodeError for anything else.

    Falls back to Python's JSON reader, because msgspec refuses lone surrogates.
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
    """Encode a message. Lone surrogates, which UTF-8 cannot hold, are sent as escapes."""
    return encode(msgspec.to_builtins(message))


def append(broker: Broker, entry: LogEntry) -> bool:
    """Append to the log; return False when the broker is unavailable."""
    return broker.publish(entry.topic, write(entry), entry.id)


def broadcast(broker: Broker, message: BusMessage) -> None:
    """Send a message to every server that is connected now."""
    broker.broadcast(write(message))

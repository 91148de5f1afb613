"""What servers write to each other: into the log (one order for all), and as a word to whoever listens just now."""

import json
from typing import Any, ClassVar

import msgspec

from labkit.rules.answers import encode
from labkit.wire.sharing.broker import Broker


class SharedPublication(msgspec.Struct, tag="said", kw_only=True, omit_defaults=True):
    """Log: a publication, to become an event when it is read. `request` is None when its sender gave none."""

    id: str
    room: str
    user: str
    request: str | None = None
    message: dict[str, Any]

    @property
    def topic(self) -> str:
        """Where in the log it is found: one topic a room."""
        return f"rooms.{self.room}"


class LoginRequest(msgspec.Struct, tag="coming", kw_only=True, omit_defaults=True):
    """Log: a connection presents a ticket (`ticket`, good until `expires_at`) or a resume credential."""

    id: str
    connection: str
    ticket: str | None = None
    expires_at: float = 0.0
    topic: ClassVar[str] = "sessions"


class Revoked(msgspec.Struct, tag="revoked", kw_only=True):
    """Log: every session of a user from before this place ends. `at`: by the sender's clock, for the audit file."""

    id: str
    user: str
    at: float
    topic: ClassVar[str] = "sessions"


class LoginAccepted(msgspec.Struct, tag="welcomed", kw_only=True):
    """BusMessage: a connection goes on with a session, by right of a place in the log; older connections of it end."""

    server: str
    session: str
    user: str
    expires_at: float
    place: int


class Closed(msgspec.Struct, tag="closed", kw_only=True):
    """BusMessage: how a connection ended, for its client's `previousClose` wherever it comes back."""

    server: str
    connection: str
    close: dict[str, Any]


class Entered(msgspec.Struct, tag="entered", kw_only=True):
    """BusMessage: a user's first connection to a room here. `n` counts the changes that this server has told."""

    server: str
    n: int
    room: str
    user: str
    since: float


class Gone(msgspec.Struct, tag="gone", kw_only=True):
    """BusMessage: a user's last connection to a room here is gone."""

    server: str
    n: int
    room: str
    user: str


class Alive(msgspec.Struct, tag="alive", kw_only=True):
    """BusMessage: this server lives, and has told `n` changes; who has heard another number asks for all of it."""

    server: str
    n: int


class PresenceRequest(msgspec.Struct, tag="asks", kw_only=True):
    """BusMessage: tell me everybody who is in your rooms. `whom` is a server, or empty for all."""

    server: str
    whom: str = ""


class PresenceReply(msgspec.Struct, tag="present", kw_only=True):
    """BusMessage: a piece of the answer. The first one makes what was known before void."""

    server: str
    n: int
    first: bool
    who: list[tuple[str, str, float]]  # room, user, since


class Leaving(msgspec.Struct, tag="leaving", kw_only=True):
    """BusMessage: this server stops, and everybody in it is gone."""

    server: str


LogEntry = SharedPublication | LoginRequest | Revoked
BusMessage = LoginAccepted | Closed | Entered | Gone | Alive | PresenceRequest | PresenceReply | Leaving
_LOG = msgspec.json.Decoder(LogEntry)
read_bus_message = msgspec.json.Decoder(BusMessage).decode


def read_log_entry(body: bytes) -> LogEntry:
    """What was written to the log. Raises msgspec.ValidationError or DecodeError for what is not ours.

    msgspec knows no half characters; Python's own reader does.
    """
    try:
        written: LogEntry = _LOG.decode(body)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        try:
            written = msgspec.convert(json.loads(body), LogEntry)
        except (ValueError, RecursionError) as error:
            raise msgspec.DecodeError(str(error)) from None
    return written


def write(word: LogEntry | BusMessage) -> bytes:
    """As bytes. Lone surrogates, half a character that UTF-8 cannot hold, travel as they came: escaped."""
    return encode(msgspec.to_builtins(word))


def append(broker: Broker, written: LogEntry) -> bool:
    """Write to the log; False when the broker is away."""
    return broker.publish(written.topic, write(written), written.id)


def broadcast(broker: Broker, word: BusMessage) -> None:
    """Send a word to every server that listens at the moment."""
    broker.broadcast(write(word))

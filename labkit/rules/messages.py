"""What a client may say: one class a message, one decode, and the exact reason of every refusal.

The text is read as JavaScript reads it (`parse_json`), then judged field by field against FIELDS. A refusal is
always close 1008, with a reason from a fixed list: what the peer wrote never comes back in it. Lesson: notebook 04.
"""

import json
from contextlib import suppress
from typing import Any, ClassVar

import msgspec

from labkit.rules import fields
from labkit.rules.fields import Since

_SAFE_DIGITS = 300  # of a whole number


class InvalidMessage(ValueError):
    """A message that closes its connection with 1008; the text is the close reason."""


class Message(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", omit_defaults=True):
    """What every message has in common: its `type` on the wire is the tag of its class. What is None is not sent."""


class RoomMessage(Message, frozen=True):
    """A message to one room."""

    room_id: str


class Publication(RoomMessage, kw_only=True, frozen=True):
    """A room message that becomes an event with a seq. `request_id` is None when the sender gave none."""

    request_id: str | None = None
    OWN_FIELDS: ClassVar[tuple[str, ...]] = ()


class Auth(Message, tag="auth", kw_only=True, frozen=True):
    """The first message: a dev token, a ticket or a resume credential; `previous` is the last connectionId."""

    token: str
    previous: str | None = None

    def __repr__(self) -> str:
        return "Auth(token=***)"


class Refresh(Message, tag="refresh", frozen=True):
    """A newer credential for the live connection."""

    token: str

    def __repr__(self) -> str:
        return "Refresh(token=***)"


class Join(RoomMessage, tag="join", kw_only=True, frozen=True):
    """Enter a room; with `since`, ask for what was missed."""

    since: Since | None = None


class Leave(RoomMessage, tag="leave", frozen=True):
    """Leave a room."""


class Presence(RoomMessage, tag="presence", frozen=True):
    """Ask who is in a room, and to be told of every change from now on."""


class Ping(Message, tag="ping", frozen=True):
    """Ask for a `pong`: the heartbeat of clients that cannot see protocol pings, as browsers cannot."""


class Chat(Publication, tag="chat", kw_only=True, frozen=True):
    """Text for everyone in the room."""

    text: str
    OWN_FIELDS: ClassVar = ("text",)


class Progress(Publication, tag="progress", kw_only=True, frozen=True):
    """How far a job is, 0 to 100 percent."""

    job_id: str
    phase: str
    percent: float
    note: str | None = None
    OWN_FIELDS: ClassVar = ("jobId", "phase", "percent", "note")


class Comment(Publication, tag="comment", kw_only=True, frozen=True):
    """A remark on a target, in a review room."""

    target: str
    text: str
    OWN_FIELDS: ClassVar = ("target", "text")


class Read(Publication, tag="read", kw_only=True, frozen=True):
    """Everything up to a seq has been read."""

    up_to: int
    OWN_FIELDS: ClassVar = ("upTo",)


class Alert(Publication, tag="alert", kw_only=True, frozen=True):
    """Something happened to a customer."""

    severity: str
    customer: str
    text: str
    OWN_FIELDS: ClassVar = ("severity", "customer", "text")


class Exercise(Publication, tag="exercise", kw_only=True, frozen=True):
    """A participant's status in an exercise; `n` counts what this participant has sent."""

    exercise: str
    status: str
    check: str | None = None
    at: str | float
    n: int
    OWN_FIELDS: ClassVar = ("exercise", "status", "check", "at", "n")


# The order of the fields is the order of judgement: of several faults, the first one is told.
FIELDS: dict[type[Message], tuple[fields.Field, ...]] = {
    Auth: (fields.TOKEN, fields.Field("previous", fields.name, "previous is invalid", required=False)),
    Refresh: (fields.TOKEN._replace(reason="refresh.token is invalid"),),
    Join: (fields.ROOM, fields.Field("since", fields.since, "since is invalid", required=False)),
    Leave: (fields.ROOM,),
    Presence: (fields.ROOM,),
    Ping: (),
    Chat: (fields.ROOM, fields.TEXT, fields.REQUEST),
    Progress: (
        fields.ROOM,
        fields.named("jobId"),
        fields.named("phase"),
        fields.Field("percent", fields.percent, "percent must be 0-100"),
        fields.Field("note", fields.text(0, fields.MAX_TEXT_UNITS), "note must be up to 1000 chars", required=False),
        fields.REQUEST,
    ),
    Comment: (fields.ROOM, fields.named("target"), fields.TEXT, fields.REQUEST),
    Read: (fields.ROOM, fields.Field("upTo", fields.count, "upTo must be a seq"), fields.REQUEST),
    Alert: (
        fields.ROOM,
        fields.Field("severity", fields.one_of("info", "warning", "critical"), "severity is unknown"),
        fields.named("customer"),
        fields.TEXT,
        fields.REQUEST,
    ),
    Exercise: (
        fields.ROOM,
        fields.named("exercise"),
        fields.Field("status", fields.one_of("started", "fail", "pass", "inconclusive", "help"), "status is unknown"),
        fields.Field("check", fields.name, "check must be 1-100 chars", required=False),
        fields.Field("at", fields.moment, "at is invalid"),
        fields.Field("n", fields.count, "n must be a count"),
        fields.REQUEST,
    ),
}
BY_TYPE: dict[str, type[Message]] = {str(kind.__struct_config__.tag): kind for kind in FIELDS}
_ATTRIBUTES = {kind: dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True)) for kind in FIELDS}
_PLANS = {kind: [(_ATTRIBUTES[kind][field.name], *field) for field in FIELDS[kind]] for kind in FIELDS}
OWN_ATTRIBUTES = {
    kind: [(name, _ATTRIBUTES[kind][name]) for name in kind.OWN_FIELDS]
    for kind in FIELDS
    if issubclass(kind, Publication)
}


def decode(raw: bytes, max_bytes: int) -> Message:
    """The message in one text frame, already known to be UTF-8. Raises InvalidMessage with the close reason."""
    if len(raw) > max_bytes:
        raise InvalidMessage("message too large")
    return judge(parse_json(raw))


def judge(value: Any) -> Message:
    """The message that a JSON value is. Raises InvalidMessage with the close reason."""
    if not isinstance(value, dict):
        raise InvalidMessage("message must be an object")
    tag = value.get("type")
    if not isinstance(tag, str):
        raise InvalidMessage("type is required")
    kind = BY_TYPE.get(tag)
    if kind is None:
        raise InvalidMessage("unsupported type")
    return kind(**_read_fields(kind, value))


def _read_fields(kind: type[Message], value: dict[str, Any]) -> dict[str, Any]:
    """Attribute and value of each field that is there. Raises InvalidMessage for the first one that is wrong."""
    values = {}
    for attribute, name, read, reason, required in _PLANS[kind]:
        if required or name in value:
            try:
                values[attribute] = read(value.get(name))
            except (ValueError, TypeError, OverflowError):
                raise InvalidMessage(reason) from None
    return values


def parse_json(raw: bytes) -> Any:
    """The value of a JSON text, as JavaScript's `JSON.parse` reads it.

    The last duplicate key wins, and lone surrogates pass. Raises InvalidMessage for anything else, and for nesting that
    Python's reader does not take.
    """
    with suppress(msgspec.DecodeError, RecursionError, UnicodeDecodeError, OverflowError):
        return msgspec.json.decode(raw)
    try:
        return _as_javascript(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise InvalidMessage("invalid JSON") from None


def _as_javascript(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse, parse_int=_number)


def _refuse(constant: str) -> Any:
    """NaN and Infinity are words of Python's `json`, not of JSON."""
    raise ValueError(constant)


def _number(digits: str) -> int | float:
    """JavaScript reads more digits as Infinity, and int() would take long."""
    return int(digits) if len(digits) < _SAFE_DIGITS else float(digits)

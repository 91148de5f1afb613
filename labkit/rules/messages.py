"""The client's messages: one class per type, a decoder, and the exact close reason for each invalid message.

`parse_json` reads JSON as JavaScript does; then FIELDS validates each field. An invalid message always closes the
connection with 1008 and a reason from a fixed list, so a reason never echoes input.
"""

import json
from contextlib import suppress
from typing import Any, ClassVar

import msgspec

from labkit.rules import fields
from labkit.rules.fields import Since
from labkit.rules.limits import MAX_TEXT_UNITS

_SAFE_DIGITS = 300  # in an integer


class InvalidMessage(ValueError):
    """The message is invalid, so its connection is closed with 1008. The text is the close reason."""


class Message(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", omit_defaults=True):
    """The base of all messages. The class's tag is the `type` on the wire; fields that are None are omitted."""


class RoomMessage(Message, frozen=True):
    """A message to one room."""

    room_id: str


class Publication(RoomMessage, kw_only=True, frozen=True):
    """A room message that becomes an event with a seq. `request_id` is None if the sender did not choose one."""

    request_id: str | None = None
    OWN_FIELDS: ClassVar[tuple[str, ...]] = ()


class Auth(Message, tag="auth", kw_only=True, frozen=True):
    """Log in with a dev token, a ticket or a resume credential. `previous` is the client's last connectionId."""

    token: str
    previous: str | None = None

    def __repr__(self) -> str:
        return "Auth(token=***)"


class Refresh(Message, tag="refresh", frozen=True):
    """Renew the session of an open connection with a newer credential."""

    token: str

    def __repr__(self) -> str:
        return "Refresh(token=***)"


class Join(RoomMessage, tag="join", kw_only=True, frozen=True):
    """Enter a room. With `since`, ask for the events missed after that position."""

    since: Since | None = None


class Leave(RoomMessage, tag="leave", frozen=True):
    """Leave a room."""


class Presence(RoomMessage, tag="presence", frozen=True):
    """Ask for the users in a room, and for an update whenever they change."""


class Ping(Message, tag="ping", frozen=True):
    """Ask for a `pong`. Browsers use this as a heartbeat, because pages cannot see protocol pings."""


class Chat(Publication, tag="chat", kw_only=True, frozen=True):
    """Send text to everyone in the room."""

    text: str
    OWN_FIELDS: ClassVar = ("text",)


class Progress(Publication, tag="progress", kw_only=True, frozen=True):
    """The progress of a job, 0 to 100 percent."""

    job_id: str
    phase: str
    percent: float
    note: str | None = None
    OWN_FIELDS: ClassVar = ("jobId", "phase", "percent", "note")


class Comment(Publication, tag="comment", kw_only=True, frozen=True):
    """Comment on a target in a review room."""

    target: str
    text: str
    OWN_FIELDS: ClassVar = ("target", "text")


class Read(Publication, tag="read", kw_only=True, frozen=True):
    """Mark everything up to a seq as read."""

    up_to: int
    OWN_FIELDS: ClassVar = ("upTo",)


class Alert(Publication, tag="alert", kw_only=True, frozen=True):
    """Raise an alert about a customer."""

    severity: str
    customer: str
    text: str
    OWN_FIELDS: ClassVar = ("severity", "customer", "text")


class Exercise(Publication, tag="exercise", kw_only=True, frozen=True):
    """Report a participant's status in an exercise. `n` numbers this participant's reports."""

    exercise: str
    status: str
    check: str | None = None
    at: str | float
    n: int
    OWN_FIELDS: ClassVar = ("exercise", "status", "check", "at", "n")


# Fields are validated in this order: the close reason names the first invalid one.
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
        fields.Field("note", fields.text(0, MAX_TEXT_UNITS), "note must be up to 1000 chars", required=False),
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
    """Decode the message in a text frame that is known to be UTF-8. Raises InvalidMessage with the close reason."""
    if len(raw) > max_bytes:
        raise InvalidMessage("message too large")
    return judge(parse_json(raw))


def judge(value: Any) -> Message:
    """Validate a JSON value as a message. Raises InvalidMessage with the close reason."""
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
    """Return the values of the fields that are present. Raises InvalidMessage for the first invalid field."""
    values = {}
    for attribute, name, read, reason, required in _PLANS[kind]:
        if required or name in value:
            try:
                values[attribute] = read(value.get(name))
            except (ValueError, TypeError, OverflowError):
                raise InvalidMessage(reason) from None
    return values


def parse_json(raw: bytes) -> Any:
    """Parse JSON as JavaScript's `JSON.parse` does: the last duplicate key wins, and lone surrogates are valid.

    Raises InvalidMessage for invalid JSON, and for nesting deeper than Python's recursion limit.
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
    """Reject NaN and Infinity. Python's `json` accepts them, although they are not JSON."""
    raise ValueError(constant)


def _number(digits: str) -> int | float:
    """Read an integer. Beyond _SAFE_DIGITS return a float, like JavaScript, because int() takes quadratic time."""
    return int(digits) if len(digits) < _SAFE_DIGITS else float(digits)

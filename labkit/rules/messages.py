"""What a client may say: one class a message, one decode, and the exact reason of every refusal.

The text is read as JavaScript reads it (`rules.json_text`), then judged field by field against FIELDS. A refusal is
always close 1008, with a reason from a fixed list: what the peer wrote never comes back in it. Lesson: notebook 04.
"""

import re
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import msgspec

from labkit.rules import json_text

ROOM_ID = re.compile(r"[a-zA-Z0-9:_-]{1,64}")
MAX_TEXT_UNITS = 1000
MAX_NAME_UNITS = 100
MAX_REQUEST_ID_UNITS = 100
MAX_SAFE_INTEGER = 2**53 - 1


class InvalidMessage(ValueError):
    """A message that closes its connection with 1008; the text is the close reason."""


class Message(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type"):
    """What every message has in common: its `type` on the wire is the tag of its class."""


class RoomMessage(Message, frozen=True):
    """A message to one room."""

    room_id: str


class Publication(RoomMessage, kw_only=True, frozen=True):
    """A room message that becomes an event with a seq. `request_id` is None when the sender gave none."""

    request_id: str | None = None
    OWN_FIELDS: ClassVar[tuple[str, ...]] = ()


class Since(msgspec.Struct, frozen=True):
    """Where a client stopped reading a room."""

    epoch: str
    seq: int


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


def utf16_units(text: str) -> int:
    """The length of a text as a browser counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut_utf16(text: str, units: int) -> str:
    """The first so many UTF-16 units, as `slice` in JavaScript: a pair may be cut in two."""
    if utf16_units(text) <= units:
        return text
    return text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "surrogatepass")


class Field(NamedTuple):
    """One field of a message: who may be in it, and what its refusal says. `read` raises ValueError or TypeError."""

    name: str
    read: Callable[[Any], Any]
    reason: str
    required: bool = True


def is_room_id(value: object) -> bool:
    """Whether a value names a room. The whole text must match: a final newline does not pass."""
    return isinstance(value, str) and ROOM_ID.fullmatch(value) is not None


def _must(holds: bool) -> None:
    if not holds:
        raise ValueError


def _room_id(value: Any) -> str:
    _must(is_room_id(value))
    return value  # type: ignore[no-any-return]


def _text(shortest: int, longest: int) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        _must(isinstance(value, str) and shortest <= utf16_units(value) <= longest)
        return value  # type: ignore[no-any-return]

    return read


def _one_of(*words: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        _must(isinstance(value, str) and value in words)
        return value  # type: ignore[no-any-return]

    return read


def _number(value: Any) -> float:
    _must(type(value) in (int, float))
    return value  # type: ignore[no-any-return]


def _percent(value: Any) -> float:
    _must(0 <= _number(value) <= 100)
    return value  # type: ignore[no-any-return]


def _count(value: Any) -> int:
    _must(0 <= _number(value) <= MAX_SAFE_INTEGER and value == int(value))
    return int(value)


def _since(value: Any) -> Since:
    _must(isinstance(value, dict))
    return Since(_name(value.get("epoch")), _count(value.get("seq")))


def _moment(value: Any) -> str | float:
    return _name(value) if isinstance(value, str) else _number(value)


def _request_id(value: Any) -> str | None:
    return cut_utf16(value, MAX_REQUEST_ID_UNITS) if isinstance(value, str) else None


_name = _text(1, MAX_NAME_UNITS)
_TOKEN = Field("token", _text(8, 8192), "auth.token is invalid")
_ROOM = Field("roomId", _room_id, "roomId is invalid")
_REQUEST = Field("requestId", _request_id, "", required=False)
_TEXT = Field("text", _text(1, MAX_TEXT_UNITS), "text must be 1-1000 chars")


def _named(name: str) -> Field:
    return Field(name, _name, f"{name} must be 1-100 chars")


# The order of the fields is the order of judgement: of several faults, the first one is told.
FIELDS: dict[type[Message], tuple[Field, ...]] = {
    Auth: (_TOKEN, Field("previous", _name, "previous is invalid", required=False)),
    Refresh: (_TOKEN._replace(reason="refresh.token is invalid"),),
    Join: (_ROOM, Field("since", _since, "since is invalid", required=False)),
    Leave: (_ROOM,),
    Presence: (_ROOM,),
    Ping: (),
    Chat: (_ROOM, _TEXT, _REQUEST),
    Progress: (
        _ROOM,
        _named("jobId"),
        _named("phase"),
        Field("percent", _percent, "percent must be 0-100"),
        Field("note", _text(0, MAX_TEXT_UNITS), "note must be up to 1000 chars", required=False),
        _REQUEST,
    ),
    Comment: (_ROOM, _named("target"), _TEXT, _REQUEST),
    Read: (_ROOM, Field("upTo", _count, "upTo must be a seq"), _REQUEST),
    Alert: (
        _ROOM,
        Field("severity", _one_of("info", "warning", "critical"), "severity is unknown"),
        _named("customer"),
        _TEXT,
        _REQUEST,
    ),
    Exercise: (
        _ROOM,
        _named("exercise"),
        Field("status", _one_of("started", "fail", "pass", "inconclusive", "help"), "status is unknown"),
        Field("check", _name, "check must be 1-100 chars", required=False),
        Field("at", _moment, "at is invalid"),
        Field("n", _count, "n must be a count"),
        _REQUEST,
    ),
}
BY_TYPE: dict[str, type[Message]] = {str(kind.__struct_config__.tag): kind for kind in FIELDS}
_ATTRIBUTES = {kind: dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True)) for kind in FIELDS}


def decode(raw: bytes, max_bytes: int) -> Message:
    """The message in one text frame, already known to be UTF-8. Raises InvalidMessage with the close reason."""
    if len(raw) > max_bytes:
        raise InvalidMessage("message too large")
    return judge(_parse(raw))


def judge(value: Any) -> Message:
    """The message that a JSON value is. Raises InvalidMessage with the close reason."""
    if not isinstance(value, dict):
        raise InvalidMessage("message must be an object")
    name = value.get("type")
    if not isinstance(name, str):
        raise InvalidMessage("type is required")
    kind = BY_TYPE.get(name)
    if kind is None:
        raise InvalidMessage("unsupported type")
    return kind(**dict(_read(kind, field, value) for field in FIELDS[kind] if field.required or field.name in value))


def _read(kind: type[Message], field: Field, value: dict[str, Any]) -> tuple[str, Any]:
    try:
        return _ATTRIBUTES[kind][field.name], field.read(value.get(field.name))
    except (ValueError, TypeError, OverflowError):
        raise InvalidMessage(field.reason) from None


def _parse(raw: bytes) -> Any:
    """msgspec where it is sure; the exact reader for what msgspec refuses and a browser would take."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, OverflowError):
        pass
    try:
        return json_text.parse(raw.decode("utf-8"))
    except (json_text.NotJson, UnicodeDecodeError):
        raise InvalidMessage("invalid JSON") from None

"""The fields of messages: the valid values of each field, and the close reason for an invalid one.

Lengths are in UTF-16 code units, as in a browser. Readers return the valid value, or raise ValueError or TypeError.
"""

import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from labkit.rules.limits import (
    MAX_NAME_UNITS,
    MAX_REQUEST_ID_UNITS,
    MAX_TEXT_UNITS,
    MAX_TOKEN_UNITS,
    MIN_TOKEN_UNITS,
)

ROOM_ID = re.compile(r"[a-zA-Z0-9:_-]{1,64}")
MAX_SAFE_INTEGER = 2**53 - 1


class Since(msgspec.Struct, frozen=True):
    """The position in a room of the last event that a client received."""

    epoch: str
    seq: int


def utf16_units(text: str) -> int:
    """Return the length of a text as a browser counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut_utf16(text: str, units: int) -> str:
    """Return the first `units` UTF-16 units. Like JavaScript's `slice`, this may split a surrogate pair."""
    if utf16_units(text) <= units:
        return text
    return text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "surrogatepass")


class Field(NamedTuple):
    """One field of a message: its reader, and the close reason for an invalid value."""

    name: str
    read: Callable[[Any], Any]
    reason: str
    required: bool = True


# What each reader accepts, as JSON Schema, for other languages. JSON Schema counts code points, not UTF-16 units, so
# its length bounds accept every valid string and a few invalid ones.
JSON_SCHEMAS: dict[Callable[[Any], Any], dict[str, Any]] = {}


def is_room_id(value: object) -> bool:
    """Return whether a value is a valid room id. The whole text must match, so a final newline does not pass."""
    return isinstance(value, str) and ROOM_ID.fullmatch(value) is not None


def _must(holds: bool) -> None:
    if not holds:
        raise ValueError


def room_id(value: Any) -> str:
    """Read a room id."""
    _must(is_room_id(value))
    return value  # type: ignore[no-any-return]


def text(shortest: int, longest: int) -> Callable[[Any], str]:
    """Make a reader for strings of `shortest` to `longest` UTF-16 units."""

    def read(value: Any) -> str:
        _must(isinstance(value, str) and shortest <= utf16_units(value) <= longest)
        return value  # type: ignore[no-any-return]

    bounds = {"minLength": (shortest + 1) // 2, "maxLength": longest}
    JSON_SCHEMAS[read] = {"type": "string", **bounds, "description": f"{shortest} to {longest} UTF-16 units"}
    return read


def one_of(*words: str) -> Callable[[Any], str]:
    """Make a reader that accepts only the given words."""

    def read(value: Any) -> str:
        _must(isinstance(value, str) and value in words)
        return value  # type: ignore[no-any-return]

    JSON_SCHEMAS[read] = {"type": "string", "enum": list(words)}
    return read


def _number(value: Any) -> float:
    """Read a finite number as JavaScript does, rounding integers beyond 2**53 to a double."""
    _must(type(value) in (int, float) and math.isfinite(value))
    return value if abs(value) <= MAX_SAFE_INTEGER else float(value)


def percent(value: Any) -> float:
    """Read a number from 0 to 100."""
    _must(0 <= _number(value) <= 100)
    return value  # type: ignore[no-any-return]


def count(value: Any) -> int:
    """Read an integer from 0 to 2**53 - 1, JavaScript's `Number.MAX_SAFE_INTEGER`."""
    _must(0 <= _number(value) <= MAX_SAFE_INTEGER and value == int(value))
    return int(value)


def since(value: Any) -> Since:
    """Read {epoch, seq}."""
    _must(isinstance(value, dict))
    return Since(name(value.get("epoch")), count(value.get("seq")))


def moment(value: Any) -> str | float:
    """Read a time from the sender's clock: an ISO 8601 string, or milliseconds since 1970."""
    return name(value) if isinstance(value, str) else _number(value)


def request_id(value: Any) -> str | None:
    """Read a requestId and cut it to MAX_REQUEST_ID_UNITS. Return None for anything but a string."""
    return cut_utf16(value, MAX_REQUEST_ID_UNITS) if isinstance(value, str) else None


name = text(1, MAX_NAME_UNITS)
TOKEN = Field("token", text(MIN_TOKEN_UNITS, MAX_TOKEN_UNITS), "auth.token is invalid")
ROOM = Field("roomId", room_id, "roomId is invalid")
REQUEST = Field("requestId", request_id, "", required=False)
TEXT = Field("text", text(1, MAX_TEXT_UNITS), f"text must be 1-{MAX_TEXT_UNITS} chars")

_COUNT = {"type": "integer", "minimum": 0, "maximum": MAX_SAFE_INTEGER}
JSON_SCHEMAS |= {
    room_id: {"type": "string", "pattern": f"^{ROOM_ID.pattern}$", "not": {"pattern": r"\n"}},
    percent: {"type": "number", "minimum": 0, "maximum": 100},
    count: _COUNT,
    since: {
        "type": "object",
        "properties": {"epoch": JSON_SCHEMAS[name], "seq": _COUNT},
        "required": ["epoch", "seq"],
    },
    moment: {"anyOf": [JSON_SCHEMAS[name], {"type": "number", "description": "milliseconds since 1970"}]},
    request_id: {"description": f"a string, cut to {MAX_REQUEST_ID_UNITS} UTF-16 units; others count as missing"},
}


def named(field_name: str) -> Field:
    """Make a required string field of 1 to MAX_NAME_UNITS UTF-16 units."""
    return Field(field_name, name, f"{field_name} must be 1-100 chars")

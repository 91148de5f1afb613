"""The fields of messages: what may be in each, and what its refusal says.

Lengths are counted in UTF-16 code units, as a browser counts them. A reader returns the value to keep, or raises
ValueError or TypeError. Lesson: notebook 04 (validation).
"""

import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

ROOM_ID = re.compile(r"[a-zA-Z0-9:_-]{1,64}")
MAX_TEXT_UNITS = 1000
MAX_NAME_UNITS = 100
MAX_REQUEST_ID_UNITS = 100
MAX_SAFE_INTEGER = 2**53 - 1


class Since(msgspec.Struct, frozen=True):
    """Where a client stopped reading a room."""

    epoch: str
    seq: int


def utf16_units(text: str) -> int:
    """The length of a text as a browser counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut_utf16(text: str, units: int) -> str:
    """The first so many UTF-16 units, as `slice` in JavaScript: a pair may be cut in two."""
    if utf16_units(text) <= units:
        return text
    return text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "surrogatepass")


class Field(NamedTuple):
    """One field of a message: how it is read, and what its refusal says."""

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


def room_id(value: Any) -> str:
    """The name of a room."""
    _must(is_room_id(value))
    return value  # type: ignore[no-any-return]


def text(shortest: int, longest: int) -> Callable[[Any], str]:
    """A text of so many UTF-16 units."""

    def read(value: Any) -> str:
        _must(isinstance(value, str) and shortest <= utf16_units(value) <= longest)
        return value  # type: ignore[no-any-return]

    return read


def one_of(*words: str) -> Callable[[Any], str]:
    """One word of a list."""

    def read(value: Any) -> str:
        _must(isinstance(value, str) and value in words)
        return value  # type: ignore[no-any-return]

    return read


def _number(value: Any) -> float:
    """A finite number, as JavaScript holds it: whole ones beyond 2**53 are rounded to a double."""
    _must(type(value) in (int, float) and math.isfinite(value))
    return value if abs(value) <= MAX_SAFE_INTEGER else float(value)


def percent(value: Any) -> float:
    """0 to 100."""
    _must(0 <= _number(value) <= 100)
    return value  # type: ignore[no-any-return]


def count(value: Any) -> int:
    """A whole number from 0 to 2**53 - 1, the largest that JavaScript counts exactly."""
    _must(0 <= _number(value) <= MAX_SAFE_INTEGER and value == int(value))
    return int(value)


def since(value: Any) -> Since:
    """Where a client stopped reading: {epoch, seq}."""
    _must(isinstance(value, dict))
    return Since(name(value.get("epoch")), count(value.get("seq")))


def moment(value: Any) -> str | float:
    """A time by the sender's clock: ISO 8601 text, or milliseconds since 1970."""
    return name(value) if isinstance(value, str) else _number(value)


def request_id(value: Any) -> str | None:
    """Longer ones are cut; anything but a string is as good as none."""
    return cut_utf16(value, MAX_REQUEST_ID_UNITS) if isinstance(value, str) else None


name = text(1, MAX_NAME_UNITS)
TOKEN = Field("token", text(8, 8192), "auth.token is invalid")
ROOM = Field("roomId", room_id, "roomId is invalid")
REQUEST = Field("requestId", request_id, "", required=False)
TEXT = Field("text", text(1, MAX_TEXT_UNITS), "text must be 1-1000 chars")


def named(field_name: str) -> Field:
    """A required field of 1 to 100 units."""
    return Field(field_name, name, f"{field_name} must be 1-100 chars")

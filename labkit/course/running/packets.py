"""Packets between the judge and an answer's process: plain values as JSON, preceded by their length.

The format is JSON, so that reading a packet never runs the answer's code. A value that is not plain data arrives as an
`Opaque`, with its type and repr.
"""

import base64
import hmac
import json
import struct
from typing import Any, NamedTuple

HEAD = struct.Struct("!I")
KEY_BYTES = 32
SEAL_BYTES = 32
MOST_BYTES = 4 * 1024 * 1024
MOST_SHOWN = 200
MOST_BITS = 8192  # Python refuses to write or read an int of more than 4300 digits
DEEPEST = 50
_JSON = (type(None), bool, float, str)
# The conversions of the base types themselves, so that a subclass cannot pretend to be another value.
_PLAIN: dict[type, Any] = {
    bool: bool,
    int: int.__int__,
    float: float.__float__,
    str: str.__str__,
    bytes: lambda value: bytes(memoryview(value)),
    bytearray: lambda value: bytes(memoryview(value)),
    memoryview: bytes,
    list: lambda value: list(list.__iter__(value)),
    tuple: lambda value: tuple(tuple.__iter__(value)),
    dict: lambda value: dict(dict.items(value)),
}
_EXACT = {type(None), bool, int, float, str, bytes, list, tuple, dict}


class Opaque(NamedTuple):
    """A value that is not plain data, such as a coroutine."""

    type: str
    shown: str

    def __repr__(self) -> str:
        return f"<{self.type} {self.shown}>"


class BadPacket(ValueError):
    """A packet is too large, or was not written by labkit."""


class Tagged:
    """A value as it was when this was made, ready for a packet."""

    def __init__(self, value: Any) -> None:
        self.parts = _tagged(value)


class Seal:
    """Seals reports, so that only the owner of the key can write the next one. Each side has its own, from one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._count = 0

    def of(self, packet: bytes) -> bytes:
        """Return the seal of the next packet."""
        self._count += 1
        return hmac.digest(self._key, self._count.to_bytes(8) + packet, "sha256")


def packed(value: Any) -> bytes:
    """Return a value as a packet. Raises BadPacket if it exceeds 4 MiB."""
    body = json.dumps(_tagged(value)).encode()
    if len(body) > MOST_BYTES:
        raise BadPacket(f"a value of {len(body)} bytes is too large; at most {MOST_BYTES} bytes can be returned")
    return HEAD.pack(len(body)) + body


def length(head: bytes) -> int:
    """Return the length of a packet's body. Raises BadPacket."""
    (size,) = HEAD.unpack(head)
    if size > MOST_BYTES:
        raise BadPacket(f"a packet of {size} bytes; at most {MOST_BYTES} bytes are allowed")
    return int(size)


def unpacked(body: bytes) -> Any:
    """Return the value in the body of a packet. Raises BadPacket."""
    try:
        return _untagged(json.loads(body))
    except Exception as error:  # the answer may have written any bytes there
        raise BadPacket(f"not a packet that labkit wrote: {error!r}") from None


def _tagged(value: Any, depth: int = 0) -> Any:
    """Convert a value for JSON: a list, a dict or a value without a JSON type becomes a pair of a tag and its parts."""
    if type(value) is Tagged:
        return value.parts
    value = _plain(value)
    kind = type(value)
    if kind in _JSON or (kind is int and value.bit_length() <= MOST_BITS):
        return value
    if kind is bytes:
        return ["bytes", base64.b64encode(value).decode()]
    if kind in (list, tuple) and depth < DEEPEST:
        return [kind.__name__, [one if type(one) is float else _tagged(one, depth + 1) for one in value]]
    if kind is dict and depth < DEEPEST:
        return ["dict", [[_tagged(key, depth + 1), _tagged(one, depth + 1)] for key, one in value.items()]]
    return ["opaque", [kind.__name__, _shown(value)]]


def _plain(value: Any) -> Any:
    """Return a value of a subclass, such as a StrEnum, an OrderedDict or a named tuple, as one of its built-in type."""
    kind = type(value)
    if kind in _EXACT:
        return value
    return next((convert(value) for base, convert in _PLAIN.items() if issubclass(kind, base)), value)


def _untagged(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    tag, parts = value
    match tag:
        case "bytes":
            return base64.b64decode(parts)
        case "opaque":
            return Opaque(*map(str, parts))
        case "dict":
            return {_untagged(key): _untagged(one) for key, one in parts}
        case "list" | "tuple":
            made = [_untagged(one) if type(one) is list else one for one in parts]
            return made if tag == "list" else tuple(made)
    raise ValueError(f"unknown tag {tag!r}")


def _shown(value: Any) -> str:
    try:
        return repr(value)[:MOST_SHOWN]
    except Exception:
        return "that cannot be shown"

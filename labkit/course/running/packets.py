"""What passes between the judge and an answer's process: values of plain types, each as a packet with its length.

Towards the judge only plain data is read, so that an answer cannot run code there; what is not plain arrives as an
`Opaque`, which says its type and how it looks.
"""

import io
import pickle
import struct
from typing import Any, NamedTuple

HEAD = struct.Struct("!I")
MOST_BYTES = 4 * 1024 * 1024
MOST_SHOWN = 200
_PLAIN = (type(None), bool, int, float, str, bytes)


class Opaque(NamedTuple):
    """A value that is no plain data: a coroutine, say."""

    type: str
    shown: str

    def __repr__(self) -> str:
        return f"<{self.type} {self.shown}>"


class BadPacket(ValueError):
    """A packet that no answer of ours writes."""


def packed(value: Any) -> bytes:
    """A packet. Raises BadPacket for a value over 4 MiB."""
    body = pickle.dumps(_tagged(value), protocol=5)
    if len(body) > MOST_BYTES:
        raise BadPacket(f"a value of {len(body)} bytes; at most {MOST_BYTES} pass")
    return HEAD.pack(len(body)) + body


def length(head: bytes) -> int:
    """How long the body of a packet is. Raises BadPacket."""
    (size,) = HEAD.unpack(head)
    if size > MOST_BYTES:
        raise BadPacket(f"a packet of {size} bytes")
    return int(size)


def unpacked(body: bytes) -> Any:
    """The value in a packet's body. Raises BadPacket."""
    try:
        return _untagged(_PlainOnly(io.BytesIO(body)).load())
    except BadPacket:
        raise
    except Exception as error:  # whatever pickle makes of broken bytes
        raise BadPacket(f"no packet: {error!r}") from None


class _PlainOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        raise BadPacket(f"{module}.{name} is no plain data")


def _tagged(value: Any, depth: int = 0) -> Any:
    """Plain data, with whatever is not in an ("odd", ...) of its own; dicts and lists in a pair with their type."""
    if type(value) in _PLAIN:
        return value
    if depth < 50:
        if type(value) in (list, tuple):
            return (type(value).__name__, [_tagged(one, depth + 1) for one in value])
        if type(value) is dict:
            return ("dict", [(_tagged(key, depth + 1), _tagged(one, depth + 1)) for key, one in value.items()])
    return ("odd", [type(value).__name__, _shown(value)])


def _untagged(value: Any) -> Any:
    if not isinstance(value, tuple):
        return value
    kind, parts = value
    if kind == "dict":
        return {_untagged(key): _untagged(one) for key, one in parts}
    if kind == "odd":
        return Opaque(*parts)
    return (list if kind == "list" else tuple)(_untagged(one) for one in parts)


def _shown(value: Any) -> str:
    try:
        return repr(value)[:MOST_SHOWN]
    except Exception:
        return "that cannot be shown"

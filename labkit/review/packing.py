"""How other protocols put messages into frames, as flat objects whose names a dialect can translate.

one          a JSON object a frame
lines        several objects a frame, one a line
array        several objects a frame, as a JSON array
socket.io    `42["event", argument...]`: {type: "event", "0": first argument, ...its fields}; a name with a slash is a
             connection to that namespace, which a server refuses at once: a message that is always answered
phoenix      `[join_ref, ref, topic, event, payload]`: {type: event, topic, ...payload}. The ref repeats the event, so a
             reply is {type: "phx_join:ok"}
centrifugo   `{"id": 1, "subscribe": {...}}`: {type: "subscribe", ...}; an empty object is a ping
"""

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

PACKINGS = ("one", "lines", "array", "socket.io", "phoenix", "centrifugo")
REF, LEAST_ID = "1", 10**9  # ids of one width, so that the size of a message is known
_CONNECT, _ERROR = "40", "44"
Message = dict[str, Any]


def packed(packing: str, kind: str, message: Mapping[str, Any]) -> str:
    """Return the text of a frame. `kind`: the name of the field that holds the type."""
    rest = {name: value for name, value in message.items() if name != kind}
    name = message.get(kind)
    match packing:
        case "socket.io":
            return _socket_io(str(name), rest)
        case "phoenix":
            topic = rest.pop("topic", "phoenix")
            return _text([REF if name != "heartbeat" else None, name, topic, name, rest])
        case "centrifugo":
            return _text({"id": LEAST_ID + secrets.randbelow(LEAST_ID), str(name): rest})
    return _text(message)


def _socket_io(name: str, rest: Message) -> str:
    if name == "connect":
        return f"{_CONNECT}{_text(rest)}"
    if name.startswith("/"):
        return f"{_CONNECT}{name},{_text(rest)}"
    places = sorted(one for one in rest if one.isdigit())
    named = {one: value for one, value in rest.items() if not one.isdigit()}
    return f"42{_text([name, *(rest[one] for one in places), *([named] if named else [])])}"


def unpacked(packing: str, kind: str, body: bytes) -> list[bytes]:
    """Return the messages in a frame, each as JSON; none for a part of the protocol that needs only `reply`."""
    text = body.decode("utf-8", "replace")
    with suppress(ValueError, RecursionError, TypeError, IndexError, AttributeError):
        match packing:
            case "lines":
                return [line for line in body.splitlines() if line.strip()]
            case "array":
                return [_text(one).encode() for one in json.loads(text)] if text.startswith("[") else [body]
            case "socket.io":
                return [_text(one).encode() for one in _from_socket_io(kind, text)]
            case "phoenix":
                return [_text(_from_phoenix(kind, json.loads(text))).encode()]
            case "centrifugo":
                lines = (json.loads(line) for line in text.splitlines())
                return [_text(_from_centrifugo(kind, line)).encode() for line in lines if line]
    return [body]


def _from_socket_io(kind: str, text: str) -> list[Message]:
    if text.startswith("42"):
        name, *arguments = json.loads(text[2:])
        fields = {key: value for one in arguments if isinstance(one, dict) for key, value in one.items()}
        return [fields | {str(place): value for place, value in enumerate(arguments)} | {kind: name}]
    for code, name in ((_CONNECT, "connect"), (_ERROR, "connect_error")):
        if text.startswith(code):
            space, _, rest = text[2:].partition(",") if text[2:3] == "/" else ("", "", text[2:])
            return [(json.loads(rest) if rest else {}) | {kind: space or name}]
    return [] if text[:1] in ("0", "2", "3", "6") else [{kind: f"packet {text[:2]}"}]


def _from_phoenix(kind: str, message: list[Any]) -> Message:
    _, ref, topic, event, payload = message
    if event == "phx_reply":
        return {kind: f"{ref}:{payload.get('status')}", "topic": topic, "response": payload.get("response")}
    return dict(payload) | {kind: event, "topic": topic}


def _from_centrifugo(kind: str, message: Message) -> Message:
    name = next((one for one in message if one != "id"), "")
    value = message[name] if isinstance(message[name], dict) else {}
    publication = value.get("pub") if name == "push" else None
    return value | (publication if isinstance(publication, dict) else {}) | {kind: name}


def reply(packing: str, body: bytes) -> str | None:
    """Return the text that answers a ping of this protocol, or None if the frame is no ping."""
    if packing == "socket.io":
        return "3" if body == b"2" else None
    return "{}" if packing == "centrifugo" and body.strip() == b"{}" else None


def opening(packing: str, *, has_auth: bool) -> str | None:
    """Return the text that must follow the handshake before any message, or None."""
    return _CONNECT if packing == "socket.io" and not has_auth else None


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))

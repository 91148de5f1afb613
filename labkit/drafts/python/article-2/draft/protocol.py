"""The messages from the client, and their validation."""

import json
import re
from dataclasses import dataclass

ROOM_ID = re.compile(r"^[a-zA-Z0-9_-]{1,50}\Z")
NAME = re.compile(r"^[\w .-]{1,30}\Z")
MAX_TEXT = 1000


class ProtocolError(Exception):
    pass


@dataclass(frozen=True)
class Authenticate:
    token: str
    name: str


@dataclass(frozen=True)
class Join:
    room_id: str


@dataclass(frozen=True)
class Leave:
    pass


@dataclass(frozen=True)
class Chat:
    text: str


def _string(data, key, low, high):
    value = data.get(key)
    if not isinstance(value, str) or not low <= len(value) <= high:
        raise ProtocolError(f"{key} must be a string of {low} to {high} characters")
    return value


def _only(data, *keys):
    extra = set(data) - {"type", *keys}
    if extra:
        raise ProtocolError("unexpected field")


def _authenticate(data):
    _only(data, "token", "name")
    name = _string(data, "name", 1, 30).strip()
    if not NAME.match(name):
        raise ProtocolError("name has invalid characters")
    return Authenticate(_string(data, "token", 1, 200), name)


def _join(data):
    _only(data, "roomId")
    room_id = _string(data, "roomId", 1, 50)
    if not ROOM_ID.match(room_id):
        raise ProtocolError("roomId has invalid characters")
    return Join(room_id)


def _leave(data):
    _only(data)
    return Leave()


def _chat(data):
    _only(data, "text")
    text = _string(data, "text", 1, MAX_TEXT).strip()
    if not text:
        raise ProtocolError("text is empty")
    return Chat(text)


PARSERS = {"authenticate": _authenticate, "join": _join, "leave": _leave, "chat": _chat}


def parse(raw):
    if isinstance(raw, bytes):
        raise ProtocolError("text expected")
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        raise ProtocolError("invalid JSON") from None
    if not isinstance(data, dict):
        raise ProtocolError("object expected")
    kind = data.get("type")
    if not isinstance(kind, str) or kind not in PARSERS:
        raise ProtocolError("unknown type")
    return PARSERS[kind](data)

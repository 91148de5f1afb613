"""Build and encode the server's messages: answers to one client, and room events.

The field names and their order are part of the protocol. Times are ISO 8601 in UTC with milliseconds, as JavaScript's
`toISOString` formats them.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from labkit.rules.messages import OWN_ATTRIBUTES, Message, Publication

Answer = dict[str, Any]
_ENCODER = msgspec.json.Encoder()


def encode(answer: Mapping[str, Any] | Message) -> bytes:
    """Encode an answer or a message as JSON. Escape lone surrogates, as JavaScript's `JSON.stringify` does."""
    try:
        return _ENCODER.encode(answer)
    except UnicodeEncodeError:
        value = msgspec.to_builtins(answer) if isinstance(answer, Message) else answer
        return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()


def iso(now: float) -> str:
    """Format seconds since 1970 as `2026-11-23T08:14:10.123Z`."""
    return _at(round(now * 1_000_000) // 1_000)


@lru_cache(maxsize=16)
def _at(milliseconds: int) -> str:
    """Format milliseconds since 1970. Cached, because a busy server often formats the same time again."""
    second, rest = divmod(milliseconds, 1_000)
    return f"{_whole_second(second)}.{rest:03d}Z"


@lru_cache(maxsize=16)
def _whole_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat().replace("+00:00", "")


def auth_ok(
    connection_id: str,
    user_id: str,
    resume: str,
    expires_at: float,
    ping_ms: int,
    window_ms: int,
    previous: Answer | None,
) -> Answer:
    """Build `auth_ok`. `previous` comes from `closed_before` and describes how the client's last connection ended."""
    answer: Answer = {
        "type": "auth_ok",
        "connectionId": connection_id,
        "userId": user_id,
        "resume": resume,
        "expiresAt": iso(expires_at),
        "pingMs": ping_ms,
        "reconnect": {"windowMs": window_ms},
    }
    return answer | ({"previousClose": previous} if previous else {})


def closed_before(code: int, reason: str, at: float) -> Answer:
    """Build `previousClose`, which gives a client the real close code if it saw only 1006."""
    return {"code": code, "reason": reason, "at": iso(at)}


def joined(room_id: str, epoch: str, seq: int, gap: bool, access: str) -> Answer:
    """Build `joined`. `seq` is the room's newest event; `gap` means that some missed events are no longer available."""
    return {"type": "joined", "roomId": room_id, "epoch": epoch, "seq": seq, "gap": gap, "access": access}


def left(room_id: str) -> Answer:
    """Build `left`."""
    return {"type": "left", "roomId": room_id}


def presence(room_id: str, members: Iterable[tuple[str, float]]) -> Answer:
    """Build `presence` from the room's users and the times they joined, in seconds since 1970."""
    return {
        "type": "presence",
        "roomId": room_id,
        "members": [{"userId": user, "since": iso(since)} for user, since in members],
    }


def entered(room_id: str, user_id: str) -> Answer:
    """Build `entered`: a user's first connection joined the room."""
    return {"type": "entered", "roomId": room_id, "userId": user_id}


def gone(room_id: str, user_id: str) -> Answer:
    """Build `gone`: a user's last connection left the room."""
    return {"type": "gone", "roomId": room_id, "userId": user_id}


def pong(now: float) -> Answer:
    """Build `pong`, the answer to `ping`."""
    return {"type": "pong", "sentAt": iso(now)}


def reconnect(window_ms: int) -> Answer:
    """Build `reconnect`, which asks clients to spread their reconnects over this many milliseconds."""
    return {"type": "reconnect", "windowMs": window_ms}


ERRORS = {
    "room_denied": "your grants do not cover this room",
    "room_limit": "too many rooms on one connection; leave one first",
    "rate_limited": "too many messages; slow down and send this one again",
    "read_only": "your grants do not let you write to this room",
    "unavailable": "the event could not be stored, so nobody got it; send it again later",
    "duplicate_join": "you are in this room already",
}


def error(code: str, request_id: str | None = None, room_id: str | None = None) -> Answer:
    """Build `error`, which refuses a request but keeps the connection open. `code` is a key of ERRORS."""
    answer: Answer = {"type": "error", "code": code, "message": ERRORS[code]}
    if request_id is not None:
        answer["requestId"] = request_id
    if room_id is not None:
        answer["roomId"] = room_id
    return answer


def event(message: Publication, *, event_id: str, request_id: str, user_id: str, now: float, seq: int) -> Answer:
    """Build the event for a published message."""
    kind = type(message)
    answer: Answer = {
        "type": kind.__struct_config__.tag,
        "id": event_id,
        "requestId": request_id,
        "roomId": message.room_id,
        "userId": user_id,
    }
    for name, attribute in OWN_ATTRIBUTES[kind]:
        value = getattr(message, attribute)
        if value is not None:
            answer[name] = value
    answer["sentAt"] = iso(now)
    answer["seq"] = seq
    return answer


def duplicate(body: bytes) -> bytes:
    """Mark an event's JSON as a duplicate, for a sender that repeated its request."""
    return body[:-1] + b',"duplicate":true}'

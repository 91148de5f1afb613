"""What 10-capstone asks of tokens, messages and rooms, and the situations in which a server is compared with it.

The server runs in a process of its own and is reached over a network, so a situation is played message by message.
"""

import json
from random import Random
from typing import Any

from labkit.course.models.situations import Situation, Step
from labkit.course.models.validator import (
    MOST_BYTES,
    chat,
    draw_constants,
    draw_good,
    draw_no_json,
    draw_no_object,
    draw_rooms,
    draw_size,
    draw_texts,
    draw_types,
    draw_unknown_fields,
    each,
    is_right,
    join,
    permitted,
    written,
)

CLIENTS, ROOMS = 3, 3
FREE_TYPES = ("auth", "ping", "progress", "leave", "refresh", "presence", "comment", "read", "alert", "exercise")
FREE_FIELDS = {"requestId", "since", "token", "previous"}
DRAWS = (
    draw_good,
    draw_no_json,
    draw_no_object,
    draw_types,
    draw_rooms,
    draw_texts,
    draw_constants,
    draw_size,
    draw_unknown_fields,
)
ODD = (" ", "\n", "\x00", "\u00a0", "\u200b", "x", "\u0301", "\ufeff")


def one_letter_off(right: str) -> list[str]:
    """Return the token with each letter in turn replaced by its neighbour."""
    return [right[:at] + chr(ord(letter) ^ 1) + right[at + 1 :] for at, letter in enumerate(right)]


def wrong_token(rng: Random, right: str) -> str:
    """Draw a token that is similar to the right one, or that a careless program takes for one."""
    at = rng.randrange(len(right))
    odd = rng.choice(ODD)
    return rng.choice(
        (
            right[:at] + odd + right[at:],
            right + odd,
            odd + right,
            right[:at] + right[at + 1 :],
            right[: rng.randrange(len(right))],
            right[:-1] + right[-1].upper(),
            right.replace("e", "\u0435"),
            right[::-1],
            right * 2,
            "".join(rng.sample(right, len(right) - 1)),
        )
    )


def auth_text(rng: Random, token: str) -> str:
    """Write an auth as JSON, at times with a field that no server knows."""
    more = {"mood": rng.choice(("1", "null", '"x"', "[]", '{"token": "x"}'))} if rng.random() < 0.5 else {}
    return written(rng, {"type": "auth", "token": token}, **more)


def message_text(rng: Random) -> str:
    """Draw a message of which the exercise's text says whether it is valid."""
    while not is_judged(text := rng.choice(DRAWS)(rng)):
        pass
    return text


def boundary_texts() -> list[str]:
    """Return the messages that must never be missed: at each limit, and one over it."""
    plain = json.dumps(join("r") | {"more": ""})
    sizes = [
        f"{plain[:-2]}{letter * (left // len(letter.encode()))}{'x' * (left % len(letter.encode()))}{plain[-2:]}"
        for letter in ("x", "\u00e9", "\u20ac", "\U0001f40b")  # one to four bytes in UTF-8
        for left in (MOST_BYTES - len(plain), MOST_BYTES - len(plain) + 1)
    ]
    texts = each(chat, "x", "", "x" * 1000, "x" * 1001, "\U0001f40b" * 500, "\U0001f40b" * 501, " x\n", "<\u0000>")
    rooms = each(join, "r", "", "a" * 64, "a" * 65, "Z09:_-", "r\n", "\u0663")
    return [*sizes, *texts, *rooms, *each(join, "r", type="JOIN"), *each(join, "r", type="join "), "\ufeff" + plain]


def is_judged(text: str) -> bool:
    """Whether the exercise's text says what comes of this message."""
    if permitted(text)[1] or not _is_unicode(text):
        return False
    try:
        value = json.loads(text)
    except RecursionError:
        return False
    except ValueError:
        return True
    if not isinstance(value, dict):
        return True
    kind = value.get("type")
    is_free = kind in FREE_TYPES if isinstance(kind, str) else False
    return not is_free and not FREE_FIELDS & set(value) and _is_unicode(json.dumps(value, ensure_ascii=False))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def valid(text: str) -> dict[str, Any] | None:
    """Return the join or chat that a text is, or None if it must be refused."""
    message = permitted(text)[0]
    return message if is_right(message) else None


def refusals(text: str) -> tuple[int, ...]:
    """Return the close codes with which an invalid message may be refused."""
    return (1008, 1009) if len(text.encode()) > MOST_BYTES else (1008,)


# A conversation: each step is a verb, "", and a client, a room and a text.


def conversation(rng: Random) -> Situation:
    """Draw what a few clients do in a few rooms with similar names; at times one that is no member sends a chat."""
    steps: list[Step] = []
    members = Members()
    for number in range(rng.randint(6, 16)):
        client, room = rng.randrange(CLIENTS), rng.randrange(ROOMS)
        inside = sorted(members.places())
        verb = rng.choice(("join", "join", "chat", "chat", "chat", "chat", "chat", "auth", "end"))
        if verb == "chat" and inside:
            client, room = rng.choice(inside)
        elif verb == "chat":
            verb = "join"
        if verb == "chat" and rng.random() < 0.1:
            room = rng.randrange(ROOMS)
        if verb == "join":
            members.join(client, room)
        elif verb == "end" or (verb == "chat" and not members.has(client, room)):
            members.open.discard(client)
        steps.append((verb, "", (client, room, f"{verb} {number}")))
    return tuple(steps)


def room_names(base: str) -> tuple[str, ...]:
    """Return names of rooms that a careless comparison would confuse."""
    return base, base.upper(), f"{base}:"


class Members:
    """Who is where. `open`: the clients that are still connected."""

    def __init__(self) -> None:
        self.open = set(range(CLIENTS))
        self._places: set[tuple[int, int]] = set()

    def places(self) -> set[tuple[int, int]]:
        """Return each connected client with each room that it has joined."""
        return {(client, room) for client, room in self._places if client in self.open}

    def has(self, client: int, room: int) -> bool:
        """Whether a client is a member of a room."""
        return (client, room) in self.places()

    def join(self, client: int, room: int) -> None:
        """Let a client into a room."""
        self._places.add((client, room))

    def of(self, room: int) -> set[int]:
        """Return the clients that receive a room's events."""
        return {client for client, joined in self.places() if joined == room}

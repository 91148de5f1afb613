"""What the checks of 04-validator share: messages, and whether each is refused or taken."""

import json
from collections.abc import Iterable
from random import Random
from typing import Any

from labkit.course.exercise import Misconception, Seen, failed, passed

Said = dict[str, Any]
FIELDS = {"join": ("type", "roomId"), "chat": ("type", "roomId", "text"), "progress": ("type", "roomId", "percent")}
ROOM_LETTERS = "abcxyzABCXYZ019:_-"

RAISES = Misconception(
    "refuses-by-raising",
    "What is wrong raises an error instead of being refused, and the connection ends with 1011.",
    (
        "Look at the line that is named, and at what it expects of the message.",
        "A key is read that may be missing, a value is compared that may be of another type, or json.loads raises.",
        "Catch ValueError and RecursionError around json.loads; use .get and isinstance on all the rest.",
    ),
)


def join(room: Any) -> Said:
    """A join."""
    return {"type": "join", "roomId": room}


def chat(text: Any) -> Said:
    """A chat."""
    return {"type": "chat", "roomId": "room:demo", "text": text}


def progress(percent: Any) -> Said:
    """A progress."""
    return {"type": "progress", "roomId": "room:demo", "percent": percent}


async def refused(stage: Any, texts: Iterable[str]) -> Seen:
    """Each of these must come to None."""
    count = 0
    for text in texts:
        called = await stage.call(text)
        if called.raised:
            return failed(f"{shortly(text)} raised {called.raised}", RAISES)
        if called.value is not None:
            return failed(f"{shortly(text)} came back as {called.shown}, where None is asked for")
        count += 1
    return passed(f"each of {count} was refused")


async def taken(stage: Any, messages: Iterable[Said]) -> Seen:
    """Each of these must come back, with the fields it has."""
    count = 0
    for message in messages:
        text = json.dumps(message, ensure_ascii=False)
        called = await stage.call(text)
        if called.raised:
            return failed(f"{shortly(text)} raised {called.raised}", RAISES)
        known = {name: message[name] for name in FIELDS[message["type"]]}
        if not isinstance(called.value, dict) or not known.items() <= called.value.items():
            return failed(f"{shortly(text)} came back as {called.shown}, where the message is asked for")
        count += 1
    return passed(f"each of {count} came back")


def shortly(text: str) -> str:
    """A message, for a sentence."""
    return text if len(text) <= 90 else f"{text[:70]}... ({len(text)} characters)"


def rooms(rng: Random) -> list[str]:
    """Good ones, drawn."""
    return ["".join(rng.choices(ROOM_LETTERS, k=size)) for size in (1, rng.randint(2, 63), 64)]

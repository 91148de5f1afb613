"""04-validator: a message that two sides read differently is a hole, so check it before you trust it."""

import json
from collections.abc import Iterable
from random import Random
from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception
from labkit.evidence import Outcome, broken, held

Message = dict[str, Any]
FIELDS = {"join": ("type", "roomId"), "chat": ("type", "roomId", "text"), "progress": ("type", "roomId", "percent")}
ROOM_LETTERS = "abcxyzABCXYZ019:_-"

RAISES = Misconception(
    "refuses-by-raising",
    "An invalid message raises an error instead of being refused, so the connection ends with 1011.",
    "Look at the line that is named, and at what it expects of the message.",
    "It reads a key that may be missing, compares a value that may have another type, or json.loads raises.",
    "Catch ValueError and RecursionError around json.loads; use .get and isinstance for the rest.",
)
REFUSES_ALL = Misconception(
    "good-message-refused",
    "A valid message is refused, or something else than the message is returned.",
    "Look at what your function returns when nothing is wrong.",
    "Every path returns None, or True instead of the message, or a limit is off by one.",
    "At the end: `return message`.",
)
PYTHONS_JSON = Misconception(
    "python-reads-more-json",
    "Python's json accepts NaN, Infinity and 1e999, which no browser reads or writes.",
    "Look at what json.loads makes of NaN, and of 1e999.",
    "They are numbers to Python, and comparisons with NaN do not do what you expect.",
    "Test for what is right, `0 <= percent <= 100`, not for what is wrong, `percent < 0 or percent > 100`.",
)
NAN_ANYWHERE = Misconception(
    "nan-where-nobody-looks",
    "NaN is refused in the fields that you check, and passed on in an unknown field.",
    "What does your function return for a chat with one extra field that is NaN?",
    "json.loads accepts it, and no line of yours checks that field. A browser cannot parse that text at all.",
    "`json.loads(text, parse_constant=refuse)`, with a function `refuse` that raises ValueError.",
)
ANY_JSON = Misconception(
    "json-is-an-object",
    "Any JSON value is treated as an object.",
    "What does your function do with `[]`, `5` or `null`?",
    "JSON may be a list, a string, a number, true, false or null.",
    "`if not isinstance(message, dict): return None`",
)
ANY_TYPE = Misconception(
    "unknown-type-passes",
    "A message of an unknown type passes, or a type that is not a string raises.",
    "Follow a message of type `shout` through your function.",
    "No branch refuses it, so it falls through to the end.",
    "Let the last branch, the `else` or `case _`, return None.",
)
ROOM_NOT_WHOLE = Misconception(
    "room-not-matched-whole",
    "Only part of the roomId is checked: its beginning, or all but a final newline, or it allows other alphabets.",
    "Look at how you match the roomId. What does `$` match, and where does `match` stop?",
    r"`$` also matches before a final newline, `match` checks only the beginning, and \w covers every alphabet.",
    '`re.fullmatch("[a-zA-Z0-9:_-]{1,64}", room)`, after isinstance(room, str).',
)
TEXT_COUNTED = Misconception(
    "text-counted-in-characters",
    "The length of a text is counted differently from the web page where the user types it.",
    "How long is one emoji, in Python and in a browser?",
    "len() counts characters. A browser counts UTF-16 code units, and most emoji are two.",
    '`1 <= len(text.encode("utf-16-le", "surrogatepass")) // 2 <= 1000`',
)
BOOL_IS_NUMBER = Misconception(
    "value-made-to-fit",
    'A percent that is not a number, such as true or "42", is accepted or converted.',
    'What is isinstance(True, int)? What does float("42") do?',
    "In Python, True is an int; and what you convert, the next program refuses.",
    "`type(percent) in (int, float) and 0 <= percent <= 100`",
)
STRICT = Misconception(
    "unknown-field-refused",
    "An unknown field is refused, so no client can be newer than its server.",
    "What happens to a chat with one extra field?",
    "The set of keys is compared with a fixed set.",
    "Check only the fields that you know.",
)
SIZE = Misconception(
    "size-in-characters",
    "The size is not checked, or is counted in characters: 8192 of them can be 32 KB.",
    "How many bytes is a text of 5,000 umlauts?",
    "Messages are sent and stored as bytes in UTF-8, and the limit must be checked before json.loads.",
    "`if len(text.encode()) > 8192: return None`, as the first line.",
)


def join(room: Any) -> Message:
    """Return a join."""
    return {"type": "join", "roomId": room}


def chat(text: Any) -> Message:
    """Return a chat."""
    return {"type": "chat", "roomId": "room:demo", "text": text}


def progress(percent: Any) -> Message:
    """Return a progress message."""
    return {"type": "progress", "roomId": "room:demo", "percent": percent}


async def refused(stage: Any, texts: Iterable[str]) -> Outcome:
    """Check that the answer returns None for each of these."""
    count = 0
    for text in texts:
        called = await stage.call(text)
        if called.raised:
            return broken(f"{_short(text)} raised {called.raised}", RAISES)
        if called.value is not None:
            return broken(f"{_short(text)} returned {called.shown}, expected None")
        count += 1
    return held(f"all {count} were refused")


async def accepted(stage: Any, messages: Iterable[Message]) -> Outcome:
    """Check that the answer returns each of these, with its known fields."""
    count = 0
    for message in messages:
        text = json.dumps(message, ensure_ascii=False)
        called = await stage.call(text)
        if called.raised:
            return broken(f"{_short(text)} raised {called.raised}", RAISES)
        known = {name: message[name] for name in FIELDS[message["type"]]}
        if not isinstance(called.value, dict) or not known.items() <= called.value.items():
            return broken(f"{_short(text)} returned {called.shown}, expected the message")
        count += 1
    return held(f"all {count} were accepted")


def _short(text: str) -> str:
    return text if len(text) <= 90 else f"{text[:70]}... ({len(text)} characters)"


def rooms(rng: Random) -> list[str]:
    """Draw three valid roomIds: of one letter, of 64, and of a length between."""
    return ["".join(rng.choices(ROOM_LETTERS, k=size)) for size in (1, rng.randint(2, 63), 64)]


async def _good(stage: Any) -> Outcome:
    texts = ["x", "x" * 1000, "<script>", "a\nb", "\u2028"]
    percents = [0, 100, 42.5, stage.rng.randint(1, 99)]
    drawn = [*map(join, rooms(stage.rng)), *map(chat, texts), *map(progress, percents)]
    return await accepted(stage, drawn)


async def _no_json(stage: Any) -> Outcome:
    return await refused(
        stage, ["", "not JSON", "{", '{"type": "join", "roomId": "room:demo"', "{'type': 'join'}", "\ufeff{}"]
    )


async def _deep(stage: Any) -> Outcome:
    return await refused(stage, ["[" * 3500 + "]" * 3500, '{"a":' * 1300 + "1" + "}" * 1300])


async def _no_numbers(stage: Any) -> Outcome:
    texts = [json.dumps(progress(1)).replace(": 1}", f": {odd}}}") for odd in ("NaN", "Infinity", "-Infinity", "1e999")]
    return await refused(stage, texts)


async def _no_constants(stage: Any) -> Outcome:
    texts = [
        json.dumps(chat("hi") | {"mood": 1}).replace(": 1}", f": {odd}}}") for odd in ("NaN", "Infinity", "[-Infinity]")
    ]
    return await refused(stage, texts)


async def _no_object(stage: Any) -> Outcome:
    return await refused(stage, ["[]", '["join", "room:demo"]', '"join"', "5", "true", "null", "[[]]"])


async def _types(stage: Any) -> Outcome:
    odd: list[Any] = ["shout", "Join", "join ", "", None, 5, True, ["join"], {"join": 1}]
    return await refused(
        stage, [*(json.dumps(join("room:demo") | {"type": one}) for one in odd), '{"roomId": "room:demo"}']
    )


async def _rooms(stage: Any) -> Outcome:
    good = stage.rng.choice(rooms(stage.rng))[:60]
    place = stage.rng.randint(0, len(good))
    odd = [good[:place] + letter + good[place:] for letter in (" ", "/", "ä", "\u0663", ".", "\n")]
    values: list[Any] = ["room:demo\n", "", "x" * 65, *odd, None, 5, True, ["room:demo"], {"room": "demo"}]
    messages = [join(value) for value in values] + [chat("hi") | {"roomId": "room:demo\n"}, {"type": "join"}]
    return await refused(stage, map(json.dumps, messages))


async def _texts(stage: Any) -> Outcome:
    seen = await accepted(stage, [chat("\U0001f40b" * 500), chat("ä" * 1000)])
    if seen.verdict != "held":
        return seen
    values: list[Any] = ["\U0001f40b" * 501, "x" * 1001, "x" * 999 + "\U0001f40b", "", None, 5, ["x"], True]
    missing = {"type": "chat", "roomId": "room:demo"}
    return await refused(stage, [*(json.dumps(chat(value)) for value in values), json.dumps(missing)])


async def _percents(stage: Any) -> Outcome:
    values: list[Any] = [True, False, "42", "", None, [42], {}, -1, -0.001, 100.001, 101, 10**30]
    missing = {"type": "progress", "roomId": "room:demo"}
    return await refused(stage, [*(json.dumps(progress(value)) for value in values), json.dumps(missing)])


async def _unknown_fields(stage: Any) -> Outcome:
    more = {"mood": "calm", "v": 2}
    return await accepted(
        stage, [join("room:demo") | more, chat("hi") | more, progress(7) | more, chat("hi") | {"percent": "x"}]
    )


async def _size(stage: Any) -> Outcome:
    exact = join("room:demo") | {"more": ""}
    room_left = 8192 - len(json.dumps(exact))
    seen = await accepted(stage, [exact | {"more": "x" * room_left}])
    if seen.verdict != "held":
        return seen
    over = [
        exact | {"more": "x" * (room_left + 1)},
        exact | {"more": "ä" * (room_left // 2 + 1)},
        chat("x") | {"more": "€" * 4000},
    ]
    return await refused(stage, [json.dumps(message, ensure_ascii=False) for message in over])


GOOD = "good"
NEEDS = (GOOD,)
EXERCISE = Exercise(
    id="04-validator",
    title="What I cannot read ends my server, and what I read too kindly ends my peers",
    lesson="04_validation",
    kind="rule",
    answer="validate",
    checks=(
        Check(GOOD, "a valid message is returned, with all its fields", REFUSES_ALL, _good),
        Check("no-json", "text that is not JSON: None", RAISES, _no_json),
        Check("deep", "thousands of nested brackets: None", RAISES, _deep),
        Check("no-object", "JSON that is not an object: None", ANY_JSON, _no_object),
        Check("types", "an unknown type: None", ANY_TYPE, _types),
        Check("rooms", "an invalid roomId: None", ROOM_NOT_WHOLE, _rooms),
        Check(
            "texts",
            "a text of 1 to 1000 UTF-16 code units is accepted, any other: None",
            TEXT_COUNTED,
            _texts,
            needs=NEEDS,
        ),
        Check("percents", "a percent that is not a number from 0 to 100: None", BOOL_IS_NUMBER, _percents),
        Check("no-number", "NaN, Infinity and 1e999: None", PYTHONS_JSON, _no_numbers),
        Check(
            "constants", "NaN or Infinity in an unknown field: None", NAN_ANYWHERE, _no_constants, needs=("no-number",)
        ),
        Check("unknown-fields", "unknown fields are accepted", STRICT, _unknown_fields, needs=NEEDS),
        Check("size", "8192 bytes are accepted, more: None", SIZE, _size, needs=(GOOD, "unknown-fields")),
    ),
    more=(RAISES,),
)

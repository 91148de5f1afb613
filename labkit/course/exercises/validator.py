"""04-validator: what one side reads and the other refuses is a hole, so a message is judged before it is believed."""

import json
from typing import Any

from labkit.course.exercise import Check, Exercise, Misconception, Seen
from labkit.course.exercises.validator_cases import RAISES, chat, join, progress, refused, rooms, taken

REFUSES_ALL = Misconception(
    "good-message-refused",
    "A message that is right is refused, or what comes back is not the message.",
    (
        "Look at what your function returns when nothing is wrong.",
        "Every path returns None, or True instead of the message, or a limit is off by one.",
        "At the end: `return message`.",
    ),
)
PYTHONS_JSON = Misconception(
    "python-reads-more-json",
    "Python's json reads NaN, Infinity and 1e999, which no browser takes or gives.",
    (
        "Look at what json.loads makes of NaN, and of 1e999.",
        "They are numbers to Python, and nothing compares with NaN as you expect.",
        "Ask for what is right, `0 <= percent <= 100`, never for what is wrong, `percent < 0 or percent > 100`.",
    ),
)
NAN_ANYWHERE = Misconception(
    "nan-where-nobody-looks",
    "NaN is refused where it is looked at, and passed on in a field that nobody knows.",
    (
        "What does your function make of a chat with one field more, which is NaN?",
        "json.loads reads it, and no line of yours looks at that field; a browser cannot read the text at all.",
        "`json.loads(text, parse_constant=refuse)`, with a function `refuse` that raises ValueError.",
    ),
)
ANY_JSON = Misconception(
    "json-is-an-object",
    "Every JSON is taken for an object.",
    (
        "What is `[]` to your function, or `5`, or `null`?",
        "JSON may be a list, a text, a number, true, false or null.",
        "`if not isinstance(message, dict): return None`",
    ),
)
ANY_TYPE = Misconception(
    "unknown-type-passes",
    "A message of an unknown type passes, or a type that is no text raises.",
    (
        "Follow a message of type `shout` through your function.",
        "No branch refuses it, so it falls through to the end.",
        "Let the last branch, the `else` or `case _`, return None.",
    ),
)
ROOM_NOT_WHOLE = Misconception(
    "room-not-matched-whole",
    "A roomId is looked at in part: its beginning, or all but a final newline, or letters that are not asked for.",
    (
        "Look at how you match the roomId: what does `$` match, and where does `match` stop looking?",
        r"`$` also matches before a final newline, `match` looks at the beginning only, and \w knows every alphabet.",
        '`re.fullmatch("[a-zA-Z0-9:_-]{1,64}", room)`, after isinstance(room, str).',
    ),
)
TEXT_COUNTED = Misconception(
    "text-counted-in-characters",
    "The length of a text is counted otherwise than the page does that let the user type.",
    (
        "How long is one emoji, here and in a browser?",
        "len() counts characters; a browser counts UTF-16 code units, and most emoji are two.",
        '`1 <= len(text.encode("utf-16-le", "surrogatepass")) // 2 <= 1000`',
    ),
)
BOOL_IS_NUMBER = Misconception(
    "value-made-to-fit",
    'A percent that is no number, such as true or "42", is made to fit.',
    (
        'What is isinstance(True, int)? What does float("42") do?',
        "In Python True is an int; and what you convert, the next program refuses.",
        "`type(percent) in (int, float) and 0 <= percent <= 100`",
    ),
)
STRICT = Misconception(
    "unknown-field-refused",
    "A field that is not known is refused, so no client can be newer than its server.",
    (
        "What happens to a chat with one field more?",
        "The set of keys is compared with a fixed set.",
        "Look only at the fields that you know.",
    ),
)
SIZE = Misconception(
    "size-in-characters",
    "The size is not looked at, or counted in characters: 8192 of them may be 32 KB.",
    (
        "How many bytes is a text of 5,000 umlauts?",
        "What travels and is kept is bytes in UTF-8, and the limit comes before json.loads.",
        "`if len(text.encode()) > 8192: return None`, as the first line.",
    ),
)


async def _good(stage: Any) -> Seen:
    texts = ["x", "x" * 1000, "<script>", "a\nb", "\u2028"]
    percents = [0, 100, 42.5, stage.rng.randint(1, 99)]
    drawn = [*map(join, rooms(stage.rng)), *map(chat, texts), *map(progress, percents)]
    return await taken(stage, drawn)


async def _no_json(stage: Any) -> Seen:
    return await refused(
        stage, ["", "no JSON", "{", '{"type": "join", "roomId": "room:demo"', "{'type': 'join'}", "\ufeff{}"]
    )


async def _deep(stage: Any) -> Seen:
    return await refused(stage, ["[" * 3500 + "]" * 3500, '{"a":' * 1300 + "1" + "}" * 1300])


async def _no_numbers(stage: Any) -> Seen:
    texts = [json.dumps(progress(1)).replace(": 1}", f": {odd}}}") for odd in ("NaN", "Infinity", "-Infinity", "1e999")]
    return await refused(stage, texts)


async def _no_constants(stage: Any) -> Seen:
    texts = [
        json.dumps(chat("hi") | {"mood": 1}).replace(": 1}", f": {odd}}}") for odd in ("NaN", "Infinity", "[-Infinity]")
    ]
    return await refused(stage, texts)


async def _no_object(stage: Any) -> Seen:
    return await refused(stage, ["[]", '["join", "room:demo"]', '"join"', "5", "true", "null", "[[]]"])


async def _types(stage: Any) -> Seen:
    odd: list[Any] = ["shout", "Join", "join ", "", None, 5, True, ["join"], {"join": 1}]
    return await refused(
        stage, [*(json.dumps(join("room:demo") | {"type": one}) for one in odd), '{"roomId": "room:demo"}']
    )


async def _rooms(stage: Any) -> Seen:
    good = stage.rng.choice(rooms(stage.rng))[:60]
    place = stage.rng.randint(0, len(good))
    odd = [good[:place] + letter + good[place:] for letter in (" ", "/", "ä", "\u0663", ".", "\n")]
    values: list[Any] = ["room:demo\n", "", "x" * 65, *odd, None, 5, True, ["room:demo"], {"room": "demo"}]
    messages = [join(value) for value in values] + [chat("hi") | {"roomId": "room:demo\n"}, {"type": "join"}]
    return await refused(stage, map(json.dumps, messages))


async def _texts(stage: Any) -> Seen:
    seen = await taken(stage, [chat("\U0001f40b" * 500), chat("ä" * 1000)])
    if seen.verdict != "pass":
        return seen
    values: list[Any] = ["\U0001f40b" * 501, "x" * 1001, "x" * 999 + "\U0001f40b", "", None, 5, ["x"], True]
    missing = {"type": "chat", "roomId": "room:demo"}
    return await refused(stage, [*(json.dumps(chat(value)) for value in values), json.dumps(missing)])


async def _percents(stage: Any) -> Seen:
    values: list[Any] = [True, False, "42", "", None, [42], {}, -1, -0.001, 100.001, 101, 10**30]
    missing = {"type": "progress", "roomId": "room:demo"}
    return await refused(stage, [*(json.dumps(progress(value)) for value in values), json.dumps(missing)])


async def _unknown_fields(stage: Any) -> Seen:
    more = {"mood": "calm", "v": 2}
    return await taken(
        stage, [join("room:demo") | more, chat("hi") | more, progress(7) | more, chat("hi") | {"percent": "x"}]
    )


async def _size(stage: Any) -> Seen:
    exact = join("room:demo") | {"more": ""}
    room_left = 8192 - len(json.dumps(exact))
    seen = await taken(stage, [exact | {"more": "x" * room_left}])
    if seen.verdict != "pass":
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
    asks="Return the message when it is one of three and right in every field; otherwise None, and never raise.",
    lesson="04_validation",
    kind="rule",
    answer="validate",
    checks=(
        Check(id=GOOD, expected="right messages come back, each with its fields", usual=REFUSES_ALL, run=_good),
        Check(id="no-json", expected="what is no JSON: None", usual=RAISES, run=_no_json),
        Check(id="deep", expected="thousands of brackets: None", usual=RAISES, run=_deep),
        Check(id="no-object", expected="JSON that is no object: None", usual=ANY_JSON, run=_no_object),
        Check(id="types", expected="an unknown type: None", usual=ANY_TYPE, run=_types),
        Check(id="rooms", expected="a roomId that is not wholly right: None", usual=ROOM_NOT_WHOLE, run=_rooms),
        Check(
            id="texts",
            expected="a text of 1 to 1000 UTF-16 code units comes back, any other: None",
            usual=TEXT_COUNTED,
            run=_texts,
            needs=NEEDS,
        ),
        Check(
            id="percents",
            expected="a percent that is no number from 0 to 100: None",
            usual=BOOL_IS_NUMBER,
            run=_percents,
        ),
        Check(id="no-number", expected="NaN, Infinity and 1e999: None", usual=PYTHONS_JSON, run=_no_numbers),
        Check(
            id="constants",
            expected="NaN or Infinity in any other field: None",
            usual=NAN_ANYWHERE,
            run=_no_constants,
            needs=("no-number",),
        ),
        Check(
            id="unknown-fields",
            expected="fields more than known ones pass",
            usual=STRICT,
            run=_unknown_fields,
            needs=NEEDS,
        ),
        Check(id="size", expected="8192 bytes pass, more: None", usual=SIZE, run=_size, needs=(GOOD, "unknown-fields")),
    ),
    more=(RAISES,),
)

"""04-validator: a message that two sides read differently is a hole, so check it before you trust it."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from labkit.course.exercise import Exercise, Misconception
from labkit.course.models.property import Property, Wrong, properties_of
from labkit.course.models.situations import Result, Situation, ask, is_changed, is_earlier_changed
from labkit.course.models.validator import (
    CONSTANTS,
    FIELDS,
    IN_RANGE,
    MOST_BYTES,
    NO_NUMBERS,
    OUT_OF_RANGE,
    Draw,
    Message,
    chat,
    draw_constants,
    draw_deep,
    draw_good,
    draw_no_json,
    draw_no_numbers,
    draw_no_object,
    draw_own,
    draw_percents,
    draw_rooms,
    draw_size,
    draw_texts,
    draw_types,
    draw_unknown_fields,
    each,
    join,
    no_json,
    odd_rooms,
    odd_types,
    permitted,
    progress,
    raw,
    simpler_text,
)

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
    "What does your function return for a chat message with one extra field that is NaN?",
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
    "What happens to a chat message with one extra field?",
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


NOT_JSON = Misconception(
    "mends-what-is-no-json",
    "A text that is not JSON is made to fit before it is read, so what passes here fails in the next program.",
    "What do you do to the text before json.loads reads it?",
    "strip removes more than the white space of JSON, and json.loads accepts a byte order mark when it is given bytes.",
    "`json.loads(text)`, with the text as it came.",
)
REMEMBERED = Misconception(
    "message-remembered",
    "The message that is returned is kept, so what a caller changes in it shows in the next call.",
    "Validate the same text twice, and change the first result in between.",
    "A cache returns the same dict again, or a module-level dict is filled by each call.",
    "Return a new dict for each call.",
)


def model(situation: Situation, results: Sequence[Result]) -> Wrong | None:
    """Compare an answer with the contract.

    A dict that changes when the caller changes another one is wrong, in situations in which a caller does.
    """
    is_watched = any(map(is_changed, situation))
    for number, ((_, _, (text,)), result) in enumerate(zip(situation, results)):
        message, is_free = permitted(text)
        if result.raised is not None:
            return Wrong(number, "the message" if message else "None", RAISES)
        if is_watched and is_earlier_changed(result):
            return Wrong(number, "that each result stays as it is", REMEMBERED)
        if is_free or (message is None and result.value is None):
            continue
        if message is None:
            return Wrong(number, "None", _shown_by_accepting(text))
        if not _is_the_message(result.value, message):
            return Wrong(number, "the message", REMEMBERED if _was_spoilt(situation[:number], text) else None)
    return None


def _is_the_message(came: Any, message: Message) -> bool:
    """Whether it has the known fields, and of the others none that was not sent."""
    if not isinstance(came, dict):
        return False
    known = {name: message[name] for name in FIELDS[message["type"]]}
    return known.items() <= came.items() and all(came[name] == message.get(name, came) for name in came)


def _was_spoilt(before: Situation, text: str) -> bool:
    return any(is_changed(step) and step[2] == (text,) for step in before)


def _shown_by_accepting(text: str) -> Misconception | None:
    """Return what it shows that this text was not refused."""
    if len(text.encode()) > MOST_BYTES:
        return SIZE
    try:
        json.loads(text)
    except ValueError:
        return NOT_JSON
    return None


property_of = properties_of("It never raises.", model=model, simpler=simpler_text)


def text_property_of(
    name: str,
    expected: str,
    usual: Misconception,
    draw: Draw,
    enforces: Iterable[str],
    needs: tuple[str, ...] = (),
    always: Iterable[str] = (),
) -> Property:
    """Return a property whose situations are one text each."""
    texts = tuple((ask(text),) for text in always)
    return property_of(name, expected, usual, lambda rng: (ask(draw(rng)),), *enforces, needs=needs, always=texts)


GOOD = "good"
NEEDS = (GOOD,)
PROPERTIES = (
    text_property_of(
        GOOD,
        "a valid message is returned, with all its fields",
        REFUSES_ALL,
        draw_good,
        (
            "returns the message, as a dict, if it is one of these three and every field is valid",
            "Of a key that comes twice, the last one counts.",
            "White space as JSON allows it may surround anything.",
        ),
        always=[*each(join, "r", "a" * 64, "Z09:_-"), *each(progress, 0, 100), *each(chat, "x")],
    ),
    text_property_of(
        "no-json",
        "text that is not JSON: None",
        RAISES,
        draw_no_json,
        ("Text that is not JSON is refused",),
        NEEDS,
        always=no_json(),
    ),
    text_property_of(
        "no-object", "JSON that is not an object: None", ANY_JSON, draw_no_object, ("JSON that is not an object",)
    ),
    text_property_of(
        "deep",
        "thousands of nested brackets: no error",
        RAISES,
        draw_deep,
        ("nested so deeply that Python gives up",),
        ("no-object",),
    ),
    text_property_of(
        "types",
        "an unknown type: None",
        ANY_TYPE,
        draw_types,
        ("`type` is one of these three words, letter by letter.",),
        always=[*each(join, "r", type="shout"), *odd_types()],
    ),
    text_property_of(
        "rooms",
        "an invalid roomId: None",
        ROOM_NOT_WHOLE,
        draw_rooms,
        ("`roomId` matches `[a-zA-Z0-9:_-]{1,64}` as a whole.",),
        always=[*each(join, "r\n", "a" * 65, ""), *odd_rooms()],
    ),
    text_property_of(
        "texts",
        "a text of 1 to 1000 UTF-16 code units is accepted, any other: None",
        TEXT_COUNTED,
        draw_texts,
        (
            "`text`: a string of 1 to 1000 UTF-16 code units",
            "Half of a surrogate pair, such as `\\ud83d`, is one code unit.",
        ),
        NEEDS,
        always=each(chat, "", "x" * 1001, "\uffff" * 1000, "\U00010000" * 501, "\U0001f40b" * 500, "\U0001f40b" * 501),
    ),
    text_property_of(
        "percents",
        "a percent that is not a number from 0 to 100: None",
        BOOL_IS_NUMBER,
        draw_percents,
        ("`percent`: a number from 0 to 100", '`true` and `"42"` are no numbers.'),
        NEEDS,
        always=raw((*IN_RANGE, *OUT_OF_RANGE, *NO_NUMBERS)),
    ),
    text_property_of(
        "no-number",
        "NaN, Infinity and 1e999: None",
        PYTHONS_JSON,
        draw_no_numbers,
        ("no `NaN` and no `Infinity` in any field", "A `percent` of `1e999` is not in the range."),
        always=raw((*CONSTANTS, "1e999", "-1e999")),
    ),
    text_property_of(
        "constants",
        "NaN or Infinity in an unknown field: None",
        NAN_ANYWHERE,
        draw_constants,
        ("no `NaN` and no `Infinity` in any field",),
        ("no-number",),
    ),
    text_property_of(
        "unknown-fields",
        "unknown fields are accepted",
        STRICT,
        draw_unknown_fields,
        ("Fields that you do not know are accepted", "You may leave them out of what you return; add none."),
        NEEDS,
    ),
    text_property_of(
        "size",
        "8192 bytes are accepted, more: None",
        SIZE,
        draw_size,
        ("More than 8192 bytes, in UTF-8, are refused", "8192 are not too many"),
        (GOOD, "unknown-fields"),
    ),
    property_of(
        "own",
        "each call is on its own: what a caller changes does not show in the next one",
        REMEMBERED,
        draw_own,
        "Each call is on its own",
        needs=NEEDS,
    ),
)
EXERCISE = Exercise(
    id="04-validator",
    title="One odd message ends the server, another one breaks its clients",
    lesson="04_validation",
    kind="rule",
    answer="validate",
    is_played=True,
    gives=(),
    checks=tuple(one.check() for one in PROPERTIES),
    more=(RAISES, NOT_JSON),
)

"""04-validator: a message that two sides read differently is a hole, so check it before you trust it."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from typing import Any, NoReturn

from labkit.course.exercise import Exercise, Misconception
from labkit.course.models.property import Property, Wrong
from labkit.course.models.shrinking import simpler
from labkit.course.models.situations import Result, Situation, ask, spoil

Message = dict[str, Any]
FIELDS = {"join": ("type", "roomId"), "chat": ("type", "roomId", "text"), "progress": ("type", "roomId", "percent")}
LETTERS = "abcxyzABCXYZ019:_-"
ROOM = re.compile(r"[a-zA-Z0-9:_-]{1,64}")
MOST_BYTES = 8192

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


def refuse(constant: str) -> NoReturn:
    """Refuse NaN and Infinity."""
    raise ValueError(constant)


def read(text: str, **more: Any) -> Any:
    """Read JSON as a browser does, except that what is too large or too deep for Python raises."""
    return json.loads(text, parse_constant=refuse, **more)


def is_right(message: Any) -> bool:
    """Whether a JSON value is one of the messages."""
    if not isinstance(message, dict) or message.get("type") not in [*FIELDS]:
        return False
    room, text, percent = (message.get(name) for name in ("roomId", "text", "percent"))
    if not isinstance(room, str) or not ROOM.fullmatch(room):
        return False
    if message["type"] == "chat":
        return isinstance(text, str) and 1 <= len(text.encode("utf-16-le", "surrogatepass")) // 2 <= 1000
    return message["type"] == "join" or (type(percent) in (int, float) and 0 <= percent <= 100)


def permitted(text: str) -> tuple[Message | None, bool]:
    """Return the message that a text is, or None if it must be refused; and whether refusing it is permitted, too.

    Free: a text that is no Unicode (half of a surrogate pair that is not written as an escape, which no connection can
    bring), and an unknown field with a number or a nesting that Python cannot take.
    """
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return None, True
    if size > MOST_BYTES:
        return None, False
    try:
        message = read(text)
    except RecursionError:
        return None, not text.lstrip(" \t\r\n").startswith("[")
    except ValueError:
        try:  # an int of so many digits that Python refuses it
            return None, is_right(read(text, parse_int=float))
        except (ValueError, RecursionError):
            return None, False
    return (message, _is_hard(message)) if is_right(message) else (None, False)


def _is_hard(message: Message) -> bool:
    """Whether an unknown field has what Python may not take: thousands of levels, or a number beyond a float."""
    known = FIELDS[message["type"]]
    shown = json.dumps({name: value for name, value in message.items() if name not in known})
    levels = shown.count("[") + shown.count("{")
    return "Infinity" in shown or levels > 40 or re.search(r"\d{300}", shown) is not None


def model(situation: Situation, results: Sequence[Result]) -> Wrong | None:
    """Compare an answer with the contract."""
    for number, ((_, _, (text,)), result) in enumerate(zip(situation, results)):
        message, is_free = permitted(text)
        if result.raised is not None:
            return Wrong(number, "the message" if message else "None", RAISES)
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
    return any(verb.startswith("spoil") and given == (text,) for verb, _, given in before)


def _shown_by_accepting(text: str) -> Misconception | None:
    """Return what it shows that this text was not refused."""
    if len(text.encode()) > MOST_BYTES:
        return SIZE
    try:
        json.loads(text)
    except ValueError:
        return NOT_JSON
    return None


def simpler_text(text: str) -> Iterator[str]:
    """Yield simpler texts: the message written plainly, without a field, with a shorter value; or fewer letters."""
    try:
        found = json.loads(text)
        fields = dict(found) if isinstance(found, dict) else {}
    except (ValueError, RecursionError):
        fields = {}
    for less in ({n: v for n, v in fields.items() if n != name} for name in fields):
        yield _plainly(less)
    for name, value in fields.items():
        for short in simpler(value):
            yield _plainly(fields | {name: short})
    if fields:
        yield _plainly(fields)
    if len(text) < 200 or not fields:
        yield from simpler(text)


def _plainly(fields: Message) -> str:
    text = json.dumps(fields, ensure_ascii=False)
    return json.dumps(fields) if re.search("[\ud800-\udfff]", text) else text


# Situations: a message that is right, written as JSON, with one thing changed.

Draw = Callable[[Random], str]
SPACES = ("", "", " ", "\n", "\t ", "\r\n")
NO_SPACES = ("\ufeff", "\u00a0", "\u000b", "\u000c", "\u2028", "\u0085", "\u3000", "\u200b", "\x00", "\x1c", ";", ",")
ODD_LETTERS = (
    *" /.\n\r\t\x00@$+\\",
    "\u00e4",
    "\u0663",
    "\u00a0",
    "\u200b",
    "\u212a",
    "\uff41",
    "\u0131",
    "\U0001f40b",
    "e\u0301",
)
UNITS = {
    "x": 1,
    " ": 1,
    "\u00e4": 1,
    "\u20ac": 1,
    "\n": 1,
    "\x00": 1,
    "\u0301": 1,
    "\U0001f40b": 2,
    "\ud83d": 1,
    "\udc0b": 1,
}
NO_STRINGS = ("null", "true", "false", "0", "5", "[]", "{}", '["x"]', '{"x": "x"}', "1.5")
IN_RANGE = ("0", "100", "1", "99", "0.5", "42.5", "99.75", "1e2", "1E+1", "100.0", "0.0", "-0", "-0.0", "5e-1", "1e-9")
OUT_OF_RANGE = (
    "-1",
    "101",
    "-0.001",
    "100.001",
    "-1e-9",
    "1e3",
    "1e30",
    "256",
    "-100",
    "1" + "0" * 30,
    "9" * 400,
    "9" * 4400,
)
NO_NUMBERS = ("true", "false", "null", '"42"', '""', '"0"', "[42]", "[]", "{}", '{"percent": 1}', '"\u0664\u0662"')
CONSTANTS = ("NaN", "Infinity", "-Infinity")


def join(room: Any) -> Message:
    """Return a join."""
    return {"type": "join", "roomId": room}


def chat(text: Any) -> Message:
    """Return a chat."""
    return {"type": "chat", "roomId": "room:demo", "text": text}


def progress(percent: Any) -> Message:
    """Return a progress message."""
    return {"type": "progress", "roomId": "room:demo", "percent": percent}


def rooms(rng: Random) -> str:
    """Draw a valid roomId, often of one letter or of 64."""
    return "".join(rng.choices(LETTERS, k=rng.choice((1, 2, 63, 64, rng.randint(3, 62)))))


def message(rng: Random) -> Message:
    """Draw a plain message."""
    found = rng.choice(
        (join("r"), chat("".join(rng.choices('ab <"\\', k=rng.randint(1, 9)))), progress(rng.randint(0, 100)))
    )
    return found | {"roomId": rooms(rng)}


def written(rng: Random, found: Message, **raw: str) -> str:
    """Write a message as JSON, in one of the many ways; `raw`: fields whose value is JSON already."""
    is_ascii = rng.random() < 0.5 or any(re.search("[\ud800-\udfff]", one) for one in map(str, found.values()))
    fields = [(name, json.dumps(value, ensure_ascii=is_ascii)) for name, value in found.items() if name not in raw]
    fields += raw.items()
    rng.shuffle(fields)
    colon, comma = rng.choice((": ", ":", " : ")), rng.choice((", ", ",", "\n,\t"))
    inner = comma.join(f"{json.dumps(name)}{colon}{value}" for name, value in fields)
    return f"{rng.choice(SPACES)}{{{rng.choice(SPACES)}{inner}{rng.choice(SPACES)}}}{rng.choice(SPACES)}"


def draw_good(rng: Random) -> str:
    """A valid message; at times a key comes twice, and the last one counts."""
    text = written(rng, message(rng))
    return text if rng.random() < 0.8 else re.sub(r"\{", '{"roomId": "other", "type": 5, ', text, count=1)


def no_json() -> list[str]:
    """Return a message with each letter around it that is no white space in JSON."""
    text = json.dumps(join("r"))
    return [whole for odd in NO_SPACES for whole in (odd + text, text + odd)]


def odd_types() -> list[str]:
    """Return each type in other letters that some comparison takes for the same."""
    texts = []
    for found in (join("r"), chat("x"), progress(1)):
        kind = found["type"]
        odd = (kind.upper(), kind.title(), f" {kind}", f"{kind} ", f"{kind}\n", kind.replace("s", "\u017f"))
        texts += [json.dumps(found | {"type": one}) for one in odd if one != kind]
    return texts


def odd_rooms() -> list[str]:
    """Return a room with each odd letter at its end, and before it."""
    return each(join, *(room for odd in ODD_LETTERS for room in (f"r{odd}", f"{odd}r")))


def draw_no_json(rng: Random) -> str:
    """A valid message made invalid: cut, surrounded by what is no white space in JSON, in Python's or JavaScript's syntax."""
    text = written(rng, message(rng)).strip(" \t\r\n")
    odd = rng.choice(NO_SPACES)
    bad = rng.choice(
        ("01", "+5", ".5", "5.", "0x10", "1_0", "True", "None", "undefined", "\u0664", "'x'", "1e", "--1", '"\n"')
    )
    return rng.choice(
        (
            odd + text,
            text + odd,
            odd + text + odd,
            text[: rng.randint(0, len(text) - 1)],
            text[:-1] + ",}",
            text.replace('"', "'"),
            text[:-1] + f', "more": {bad}}}',
            text + text,
            "/* a */" + text,
            rng.choice(("", " ", "not JSON", "{", "}", '"', "\ud800", text + "\udc0b")),
        )
    )


def draw_deep(rng: Random) -> str:
    """Thousands of brackets: alone, or in an unknown field."""
    count = rng.choice((500, 990, 1000, 1500, 2500))
    deep = rng.choice(("[" * count + "]" * count, "[" * count, '{"a":' * (count // 2) + "1" + "}" * (count // 2)))
    return deep if rng.random() < 0.4 else written(rng, message(rng), more=deep)


def draw_no_object(rng: Random) -> str:
    """JSON that is no object, also with a message in it."""
    text = written(rng, message(rng))
    return rng.choice(
        (*NO_STRINGS[:6], f"[{text}]", json.dumps(text), '["type", "roomId"]', '"join"', "[[]]", '[["type", "join"]]')
    )


def draw_types(rng: Random) -> str:
    """A type that is none of the three, in a message that has all fields of one."""
    found = message(rng)
    kind = found["type"]
    changed = (
        kind.upper(),
        kind.title(),
        kind.swapcase(),
        f" {kind}",
        f"{kind} ",
        f"{kind}\n",
        kind[:-1],
        f"{kind}s",
        f"{kind}\x00",
    )
    folded = (
        kind.replace("s", "\u017f"),
        kind.replace("i", "\u0131"),
        kind.replace("c", "\uff43"),
        "progre\u00df",
        kind[::-1],
    )
    others = ("shout", "leave", "auth", "", "__class__", "type")
    all_fields = {"text": "hi", "percent": 5} | found
    if rng.random() < 0.3:
        raw = rng.choice((*NO_STRINGS, f'["{kind}"]', f'{{"{kind}": 1}}'))
        return written(rng, all_fields, type=raw)
    if rng.random() < 0.1:
        return written(rng, {name: value for name, value in all_fields.items() if name != "type"})
    odd = rng.choice([one for one in (*changed, *folded, *others) if one not in FIELDS])
    return written(rng, all_fields | {"type": odd})


def draw_rooms(rng: Random) -> str:
    """A roomId with one letter that is not allowed, or too long, or empty, or none."""
    found, room = message(rng), rooms(rng)
    if rng.random() < 0.25:
        return written(rng, found, roomId=rng.choice((*NO_STRINGS, f'["{room}"]')))
    if rng.random() < 0.1:
        return written(rng, {name: value for name, value in found.items() if name != "roomId"})
    at = rng.choice((0, len(room[:63]), rng.randint(0, len(room[:63]))))
    odd = room[:63][:at] + rng.choice(ODD_LETTERS) + room[:63][at:]
    long = "".join(rng.choices(LETTERS, k=rng.choice((65, 65, 66, 128))))
    return written(rng, found | {"roomId": rng.choice((odd, odd, odd, odd, long, long, "", room[:63] + "\n"))})


def draw_texts(rng: Random) -> str:
    """A text near 1 or near 1000 code units, of letters that count and weigh differently; or no text."""
    if rng.random() < 0.15:
        return written(rng, chat("x"), text=rng.choice(NO_STRINGS))
    if rng.random() < 0.05:
        return written(rng, {"type": "chat", "roomId": rooms(rng)})
    letter = rng.choice(list(UNITS))
    units = rng.choice((0, 1, 2, 999, 1000, 1000, 1001, 1001, 1002, 1500))
    return written(
        rng, chat(letter * (units // UNITS[letter]) + "x" * (units % UNITS[letter])) | {"roomId": rooms(rng)}
    )


def draw_percents(rng: Random) -> str:
    """A number in the range, or outside of it, or no number."""
    if rng.random() < 0.05:
        return written(rng, {"type": "progress", "roomId": rooms(rng)})
    raw = rng.choice((rng.choice(IN_RANGE), rng.choice(OUT_OF_RANGE), rng.choice(NO_NUMBERS), rng.choice(NO_NUMBERS)))
    return written(rng, progress(0) | {"roomId": rooms(rng)}, percent=raw)


def draw_no_numbers(rng: Random) -> str:
    """A percent that only Python takes for a number, or that is infinite."""
    return written(rng, progress(0), percent=rng.choice((*CONSTANTS, "1e999", "-1e999", "1e400", "-NaN")))


def draw_constants(rng: Random) -> str:
    """NaN or Infinity in an unknown field, on any level."""
    odd = rng.choice(CONSTANTS)
    return written(
        rng, message(rng), mood=rng.choice((odd, odd, f"[{odd}]", f'{{"a": {odd}}}', f'[1, {{"a": [{odd}]}}]'))
    )


def draw_unknown_fields(rng: Random) -> str:
    """Fields that are not known, or only for another type; some have a value that is hard to take."""
    names = ("v", "mood", "", "Type", "TEXT", "room", "__proto__", "\u00e4", "text", "percent", "requestId", "type ")
    values = (
        "1",
        "null",
        "true",
        '"x"',
        '""',
        "[]",
        "{}",
        '[1, "a", null]',
        '{"a": {"b": [1]}}',
        "-1.5",
        "101",
        "1e999",
        "9" * 4400,
    )
    found = message(rng)
    more = {name: rng.choice(values) for name in rng.sample(names, rng.randint(1, 4)) if name not in found}
    return written(rng, found, **more)


def draw_size(rng: Random) -> str:
    """Near 8192 bytes: in an unknown field of letters of one to four bytes, or white space around."""
    size = MOST_BYTES + rng.choice((-1, 0, 0, 1, 1, 2, 100))
    text = json.dumps(message(rng) | {"more": ""}, ensure_ascii=False)
    left = size - len(text.encode())
    if rng.random() < 0.25:
        before = rng.randint(0, left)
        return " " * before + text + "\n" * (left - before)
    letter = rng.choice(("x", "\u00e4", "\u20ac", "\U0001f40b"))
    weight = len(letter.encode())
    return text[:-2] + letter * (left // weight) + "y" * (left % weight) + text[-2:]


def draw_own(rng: Random) -> Situation:
    """The same texts several times, and callers that clear what they got."""
    texts = [written(rng, message(rng)) for _ in range(rng.randint(1, 2))]
    steps = [rng.choice((ask, ask, lambda text: spoil(ask(text))))(rng.choice(texts)) for _ in range(rng.randint(2, 6))]
    return (*steps, *map(ask, texts))


def property_of(
    name: str,
    expected: str,
    usual: Misconception,
    draw: Draw,
    enforces: Iterable[str],
    needs: tuple[str, ...] = (),
    always: Iterable[str] = (),
) -> Property:
    """Return a property of this exercise, of one text each."""
    return Property(
        id=name,
        expected=expected,
        usual=usual,
        enforces=(*enforces, "It never raises."),
        model=model,
        simpler=simpler_text,
        draw=lambda rng: (ask(draw(rng)),),
        always=tuple((ask(text),) for text in always),
        needs=needs,
    )


def each(of: Callable[[Any], Message], *values: Any, **more: Any) -> list[str]:
    """Write a message for each value."""
    return [json.dumps(of(value) | more) for value in values]


def raw(values: Iterable[str]) -> list[str]:
    """Write a progress message for each percent, given as JSON."""
    return [f'{{"type": "progress", "roomId": "r", "percent": {value}}}' for value in values]


GOOD = "good"
NEEDS = (GOOD,)
PROPERTIES = (
    property_of(
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
    property_of(
        "no-json",
        "text that is not JSON: None",
        RAISES,
        draw_no_json,
        ("Text that is not JSON is refused",),
        NEEDS,
        always=no_json(),
    ),
    property_of(
        "no-object", "JSON that is not an object: None", ANY_JSON, draw_no_object, ("JSON that is not an object",)
    ),
    property_of(
        "deep",
        "thousands of nested brackets: no error",
        RAISES,
        draw_deep,
        ("nested so deeply that Python gives up",),
        ("no-object",),
    ),
    property_of(
        "types",
        "an unknown type: None",
        ANY_TYPE,
        draw_types,
        ("`type` is one of these three words, letter by letter.",),
        always=[*each(join, "r", type="shout"), *odd_types()],
    ),
    property_of(
        "rooms",
        "an invalid roomId: None",
        ROOM_NOT_WHOLE,
        draw_rooms,
        ("`roomId` matches `[a-zA-Z0-9:_-]{1,64}` as a whole.",),
        always=[*each(join, "r\n", "a" * 65, ""), *odd_rooms()],
    ),
    property_of(
        "texts",
        "a text of 1 to 1000 UTF-16 code units is accepted, any other: None",
        TEXT_COUNTED,
        draw_texts,
        (
            "`text`: a string of 1 to 1000 UTF-16 code units",
            "Half of a surrogate pair, such as `\\ud83d`, is one code unit.",
        ),
        NEEDS,
        always=each(chat, "", "x" * 1001, "\U0001f40b" * 500, "\U0001f40b" * 501),
    ),
    property_of(
        "percents",
        "a percent that is not a number from 0 to 100: None",
        BOOL_IS_NUMBER,
        draw_percents,
        ("`percent`: a number from 0 to 100", '`true` and `"42"` are no numbers.'),
        NEEDS,
        always=raw((*IN_RANGE, *OUT_OF_RANGE, *NO_NUMBERS)),
    ),
    property_of(
        "no-number",
        "NaN, Infinity and 1e999: None",
        PYTHONS_JSON,
        draw_no_numbers,
        ("no `NaN` and no `Infinity`, in any field", "A `percent` of `1e999` is not in the range."),
        always=raw((*CONSTANTS, "1e999", "-1e999")),
    ),
    property_of(
        "constants",
        "NaN or Infinity in an unknown field: None",
        NAN_ANYWHERE,
        draw_constants,
        ("no `NaN` and no `Infinity`, in any field",),
        ("no-number",),
    ),
    property_of(
        "unknown-fields",
        "unknown fields are accepted",
        STRICT,
        draw_unknown_fields,
        ("Fields that you do not know are accepted", "You may leave them out of what you return; add none."),
        NEEDS,
    ),
    property_of(
        "size",
        "8192 bytes are accepted, more: None",
        SIZE,
        draw_size,
        ("More than 8192 bytes, in UTF-8, are refused", "8192 are not too many"),
        (GOOD, "unknown-fields"),
    ),
    Property(
        id="own",
        expected="each call is on its own: what a caller changes does not show in the next one",
        usual=REMEMBERED,
        enforces=("Each call is on its own", "It never raises."),
        model=model,
        simpler=simpler_text,
        draw=draw_own,
        needs=NEEDS,
    ),
)
EXERCISE = Exercise(
    id="04-validator",
    title="What I cannot read ends my server, and what I read too kindly ends my peers",
    lesson="04_validation",
    kind="rule",
    answer="validate",
    is_played=True,
    gives=(),
    checks=tuple(one.check() for one in PROPERTIES),
    more=(RAISES, NOT_JSON),
)

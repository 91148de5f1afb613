"""What 04-validator asks for, as a function, and the texts on which an answer is compared with it."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any, NoReturn

from labkit.course.models.shrinking import simpler
from labkit.course.models.situations import Situation, ask, mark, spoil

Message = dict[str, Any]
FIELDS = {"join": ("type", "roomId"), "chat": ("type", "roomId", "text"), "progress": ("type", "roomId", "percent")}
LETTERS = "abcxyzABCXYZ019:_-"
ROOM = re.compile(r"[a-zA-Z0-9:_-]{1,64}")
MOST_BYTES = 8192


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
    room, text = message.get("roomId"), message.get("text")
    percent: Any = message.get("percent")
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


def each(of: Callable[[Any], Message], *values: Any, **more: Any) -> list[str]:
    """Write a message for each value."""
    return [json.dumps(of(value) | more) for value in values]


def raw(values: Iterable[str]) -> list[str]:
    """Write a progress message for each percent, given as JSON."""
    return [f'{{"type": "progress", "roomId": "r", "percent": {value}}}' for value in values]


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
    "\uffff": 1,  # the last one with one unit
    "\U00010000": 2,  # the first one with two
    "\U0001f40b": 2,
    "\ud83d": 1,
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
    """A valid message made invalid: cut, with no white space of JSON around it, in Python's syntax."""
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
    """The same texts several times, and callers that clear what they got, or add a field to it."""
    texts = [written(rng, message(rng)) for _ in range(rng.randint(1, 2))]
    asked = [ask(rng.choice(texts)) for _ in range(rng.randint(2, 6))]
    return (*(rng.choice((step, step, spoil(step), mark(step))) for step in asked), *map(ask, texts))

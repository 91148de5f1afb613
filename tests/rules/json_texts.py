"""Random JSON texts, and texts that are almost JSON: what the readers are compared on."""

import json
import struct
from random import Random
from typing import Any

_WORDS = ("type", "roomId", "text", "__proto__", "constructor", "", "é", "日本", "\u2028", "😀", "\x7f", "0", "10")
_NUMBERS = (
    "0",
    "-0",
    "1e400",
    "-1e-400",
    "1E+2",
    "0.1",
    "123456789012345678901234567890",
    "9007199254740993",
    "2.50",
    "1e0",
)
_ODD = "\"\\,:[]{}eE+-.01utfn \t\n\r\x0b\x00\x1f\ufeff\u00a0\u2028/*'é😀"
_BROKEN = (
    "NaN",
    "Infinity",
    "01",
    "1.",
    ".5",
    "+1",
    "0x10",
    "tru",
    '"\\x41"',
    '"\\u12"',
    '"a',
    "'a'",
    "[1,]",
    '{"a":1,}',
    "{,}",
)


def random_text(rng: Random, depth: int = 4) -> str:
    """A JSON text: any value, spaced and escaped in any legal way, with duplicate keys and lone surrogates."""
    kind = rng.randrange(8 if depth else 5)
    if kind == 0:
        return rng.choice(("true", "false", "null"))
    if kind == 1:
        return rng.choice((*_NUMBERS, str(rng.randrange(-(10**6), 10**6)), repr(rng.uniform(-1e9, 1e9))))
    if kind < 5:
        return _string(rng)
    count = rng.randrange(4)
    if kind == 5:
        return "[" + ",".join(_spaced(rng, random_text(rng, depth - 1)) for _ in range(count)) + _space(rng) + "]"
    pairs = (_spaced(rng, _string(rng)) + ":" + _spaced(rng, random_text(rng, depth - 1)) for _ in range(count))
    return "{" + ",".join(pairs) + _space(rng) + "}"


def mutated(rng: Random, text: str) -> str:
    """The text with a few characters dropped, doubled, replaced or put in: often JSON no more."""
    chars = list(text)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(chars) + 1)
        chars[at : at + rng.randrange(3)] = rng.choice(
            (rng.choice(_ODD), rng.choice(_BROKEN), "", *chars[at : at + 1] * 2)
        )
    return "".join(chars)


def canonical(value: Any) -> str:
    """One text for one JavaScript value: numbers as doubles without -0, strings as UTF-16 units, keys in order."""
    if isinstance(value, dict):
        pairs = sorted((canonical(key), canonical(member)) for key, member in value.items())
        return "{" + ",".join(f"{key}:{member}" for key, member in pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").hex() + "s"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return struct.pack(">d", value + 0.0).hex() + "n"


def _string(rng: Random) -> str:
    units = [rng.choice(_WORDS) for _ in range(rng.randrange(3))]
    units += [
        rng.choice(("\\n", '\\"', "\\\\", "\\/", "\\u0074ype", "\\ud83d\\ude00", "\\ud83d", "\\uDE00", "\\u0000"))
    ]
    rng.shuffle(units)
    return '"' + "".join(units[: rng.randrange(1, 4)]) + '"'


def _space(rng: Random) -> str:
    return rng.choice(("", "", "", " ", "\n", "\t\r\n "))


def _spaced(rng: Random, text: str) -> str:
    return _space(rng) + text + _space(rng)

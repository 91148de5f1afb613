"""JSON as a browser reads it: by table where Python's own reader differs, and nesting beyond its depth."""

import math
from time import process_time
from typing import Any

import pytest

from labkit.rules.messages import InvalidMessage, parse_json

BROKEN = """NaN Infinity -Infinity [NaN] 1,2 ] { [1 {"a" {"a":} {1:2} {,} [,1] [,] [1,] {"a":1,} [1} {"a":1] ["a"}
tru nulll - --1 +1 01 -01 1. .5 1e 1_000 0x1 'a' "a "\\x41" "\\u12" "\\u00g1" {"a"} {"a":1:2} ,1 : true,"""


@pytest.mark.parametrize(
    "text", ["", " ", "1 2", "[1 2]", '{"a" 1}', "\u00a01", "\x0c1", "\ufeff{}", "\u0663", *BROKEN.split()]
)
def test_text_that_is_not_json_is_refused(text: str) -> None:
    """What JSON.parse refuses is refused, including the constants that Python's reader takes."""
    with pytest.raises(InvalidMessage):
        parse_json(text.encode())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"type":"a","type":"b"}', {"type": "b"}),
        (r'{"type":"a","\u0074ype":"b"}', {"type": "b"}),
        (r'"\ud800"', "\ud800"),
        (r'"\ud83d\ude00"', "\U0001f600"),
        (r'"\ud83d\ud83d\ude00"', "\ud83d\U0001f600"),
        (r'"\ude00\ud83d"', "\ude00\ud83d"),
        ('"\u2028\x7f"', "\u2028\x7f"),
        ("1e400", math.inf),
        ("-1e400", -math.inf),
        ("9" * 5000, math.inf),
        ("0." + "0" * 5000 + "1", 0.0),
        ('{"__proto__":{"a":1}}', {"__proto__": {"a": 1}}),
    ],
    ids=lambda given: str(given)[:24],
)
def test_json_is_read_as_javascript_reads_it(text: str, value: Any) -> None:
    """The last duplicate key wins, lone surrogates pass, a number beyond a double is infinite."""
    assert parse_json(text.encode()) == value


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_beyond_the_parser_is_refused(opening: str) -> None:
    """A few hundred levels are read; a few thousand are a refusal, never a crash."""
    closing = {"[": "]", '{"a":': "}"}[opening]
    assert parse_json((opening * 300 + "1" + closing * 300).encode())
    for text in (opening * 5_000 + "1" + closing * 5_000, opening * 5_000):
        with pytest.raises(InvalidMessage):
            parse_json(text.encode())


@pytest.mark.parametrize("piece", ['\\"', "[", '"', '{"a":', "1,", " ", "\\u0041", "-", "9"])
def test_time_grows_no_faster_than_the_length(piece: str) -> None:
    """Sixteen times the text takes nowhere near 256 times the time, though nothing of it is ever closed."""

    def seconds(count: int) -> float:
        text = ('["' + piece * count).encode()
        started = process_time()
        for _ in range(3):
            with pytest.raises(InvalidMessage):
                parse_json(text)
        return process_time() - started

    short = min(seconds(1_000) for _ in range(3))
    assert min(seconds(16_000) for _ in range(3)) < 100 * max(short, 1e-4)

"""`rules.json_text` against Python's own reader, wherever that one is exact, and by table where it is not."""

import json
import math
from random import Random
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.rules.json_text import NotJson, parse
from tests.rules.json_texts import mutated, random_text

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec=None))
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30)
BROKEN = """NaN Infinity -Infinity [NaN] 1,2 ] { [1 {"a" {"a":} {1:2} {,} [,1] [,] [1,] {"a":1,} [1} {"a":1] ["a"}
tru nulll - --1 +1 01 -01 1. .5 1e 1_000 0x1 'a' "a "\\x41" "\\u12" "\\u00g1" {"a"} {"a":1:2} ,1 : true,"""


def refuse(constant: str) -> Any:
    """NaN and Infinity are words of Python, not of JSON."""
    raise ValueError(constant)


def judged_by_python(text: str) -> str:
    """What json.loads makes of the text, told as a text that tells 1 from 1.0 and from true."""
    try:
        return json.dumps(json.loads(text, parse_constant=refuse))
    except ValueError:
        return "refused"


def judged_by_us(text: str) -> str:
    """The same for our reader."""
    try:
        return json.dumps(parse(text))
    except NotJson:
        return "refused"


@given(VALUES, st.booleans(), st.sampled_from([None, 0, 3]))
def test_reads_back_every_value_that_python_writes(value: Any, escaped: bool, indent: int | None) -> None:
    """Whatever json.dumps writes, we read as json.loads does."""
    text = json.dumps(value, ensure_ascii=escaped, indent=indent).replace("Infinity", "1e999")
    assert judged_by_us(text) == judged_by_python(text)


@settings(max_examples=300)
@given(st.randoms(use_true_random=False))
def test_judges_broken_texts_as_python_does(rng: Random) -> None:
    """A text with a few characters changed is taken or refused as json.loads takes or refuses it, value and all."""
    text = random_text(rng)
    for candidate in (text, mutated(rng, text), mutated(rng, mutated(rng, text))):
        assert judged_by_us(candidate) == judged_by_python(candidate)


@settings(max_examples=500)
@given(st.text('[]{},:"\\u019eE+-. \ntrfalsn', max_size=12))
def test_judges_heaps_of_json_characters_as_python_does(text: str) -> None:
    """A heap of the characters that JSON is made of is judged as json.loads judges it."""
    assert judged_by_us(text) == judged_by_python(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "1 2", "[1 2]", '{"a" 1}', "\u00a01", "\x0c1", "\ufeff{}", "\u0663", *BROKEN.split()],
)
def test_refuses_what_is_no_json(text: str) -> None:
    """What JSON.parse refuses, we refuse, the words that Python's reader takes among them."""
    with pytest.raises(NotJson):
        parse(text)


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
def test_reads_what_python_would_not_or_as_javascript_does(text: str, value: Any) -> None:
    """The last duplicate key wins, lone surrogates pass, a number beyond a double is infinite."""
    assert parse(text) == value


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":[', "]}]")])
def test_depth_is_no_limit(opening: str, closing: str) -> None:
    """Thirty thousand levels are read without recursion; one bracket missing is noticed."""
    parse(opening * 30_000 + "1" + closing * 30_000)
    with pytest.raises(NotJson):
        parse(opening * 30_000 + "1" + closing * 29_999)


@pytest.mark.parametrize("piece", ['\\"', "[", '"', '{"a":', "1,", " ", "\\u0041", "-"])
def test_time_grows_with_the_length_and_no_faster(piece: str) -> None:
    """Sixteen times the text takes nowhere near 256 times the time, though nothing of it is ever closed."""

    def seconds(count: int) -> float:
        text = '["' + piece * count
        started = process_time()
        for _ in range(3):
            judged_by_us(text)
        return process_time() - started

    short = min(seconds(1_000) for _ in range(3))
    assert min(seconds(16_000) for _ in range(3)) < 100 * max(short, 1e-4)

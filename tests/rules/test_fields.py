"""The readers of fields: lengths as a browser counts them, and what each kind of field takes."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.rules import fields
from labkit.rules.fields import MAX_SAFE_INTEGER, Since, cut_utf16, is_room_id, utf16_units
from labkit.rules.limits import MAX_REQUEST_ID_UNITS

ANY_TEXT = st.text(st.characters(codec=None) | st.sampled_from(["\ud83d", "\ude00", "\U0001f600"]))
REFUSED = (ValueError, TypeError, OverflowError)


def units(text: str) -> list[int]:
    """The UTF-16 units of a text, the long way: two for whatever lies beyond the first plane."""
    found: list[int] = []
    for char in map(ord, text):
        found += [char] if char < 0x10000 else [0xD800 + ((char - 0x10000) >> 10), 0xDC00 + ((char - 0x10000) & 0x3FF)]
    return found


@given(ANY_TEXT)
def test_length_is_what_a_browser_counts(text: str) -> None:
    """One for a character, two for one beyond the first plane, one for half of such a one."""
    assert utf16_units(text) == len(units(text))


@given(ANY_TEXT, st.integers(0, 12))
def test_cutting_is_slice_in_javascript(text: str, size: int) -> None:
    """The first so many units, though that cuts a pair in two; nothing is lost before the cut."""
    assert units(cut_utf16(text, size)) == units(text)[:size]


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ("a", True),
        ("room:demo", True),
        ("azAZ09:_-", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("", False),
        ("a\n", False),
        ("a\r", False),
        ("\na", False),
        ("x" * 64 + "\n", False),
        ("a b", False),
        ("a.b", False),
        ("caf\u00e9", False),
        ("room\u0661", False),
        ("\u212a", False),
        ("\ud800", False),
        ("a\x00", False),
        (None, False),
        (5, False),
        (True, False),
        (["a"], False),
        (b"a", False),
    ],
)
def test_a_room_id_matches_whole(value: Any, holds: bool) -> None:
    """Letters, digits, colon, underscore and hyphen of ASCII, 1 to 64, and not a character more."""
    assert is_room_id(value) is holds


@pytest.mark.parametrize("read", [fields.percent, fields.count, fields.moment])
@pytest.mark.parametrize("value", [True, False, None, [], {}, math.nan, math.inf, -math.inf, 10**400, -(10**400), ""])
def test_what_is_no_finite_number_is_refused(read: Any, value: Any) -> None:
    """Not even true, which Python takes for 1."""
    with pytest.raises(REFUSED):
        read(value)


@pytest.mark.parametrize(
    ("read", "value", "kept"),
    [
        (fields.percent, 0, 0),
        (fields.percent, 100, 100),
        (fields.percent, 0.5, 0.5),
        (fields.percent, -0.0, 0),
        (fields.count, 0, 0),
        (fields.count, -0.0, 0),
        (fields.count, 7.0, 7),
        (fields.count, MAX_SAFE_INTEGER, MAX_SAFE_INTEGER),
        (fields.moment, "2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z"),
        (fields.moment, -5, -5),
        (fields.moment, 1e300, 1e300),
        (fields.moment, 2**53 + 1, 2.0**53),
        (fields.since, {"epoch": "e", "seq": 7.0, "x": []}, Since("e", 7)),
        (fields.request_id, "r" * 101, "r" * MAX_REQUEST_ID_UNITS),
        (fields.request_id, "", ""),
        (fields.request_id, None, None),
        (fields.request_id, 5, None),
        (fields.one_of("a", "b"), "b", "b"),
    ],
)
def test_what_is_kept(read: Any, value: Any, kept: Any) -> None:
    """The value in the form in which it travels on; a count is whole whatever its spelling."""
    assert read(value) == kept
    assert type(read(value)) is type(kept) or isinstance(kept, int)


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (fields.percent, 100.00001),
        (fields.percent, -1e-300),
        (fields.percent, "50"),
        (fields.count, -1),
        (fields.count, 0.5),
        (fields.count, MAX_SAFE_INTEGER + 1),
        (fields.count, 1e300),
        (fields.count, "7"),
        (fields.moment, "x" * 101),
        (fields.since, []),
        (fields.since, {}),
        (fields.since, {"epoch": "", "seq": 1}),
        (fields.since, {"epoch": "e", "seq": -1}),
        (fields.one_of("a", "b"), "c"),
        (fields.one_of("a", "b"), ["a"]),
        (fields.one_of("a", "b"), {}),
        (fields.name, ""),
        (fields.name, "\U0001f600" * 51),
        (fields.text(1, 4), "\U0001f600\U0001f600x"),
        (fields.text(1, 4), b"abc"),
    ],
)
def test_what_is_refused(read: Any, value: Any) -> None:
    """Too much, too little, or of another kind."""
    with pytest.raises(REFUSED):
        read(value)


def test_lengths_at_the_edge() -> None:
    """The bounds belong to the text, counted in units."""
    read = fields.text(2, 4)
    for text in ("ab", "abcd", "\U0001f600", "\U0001f600\U0001f600", "\ud800\ud800"):
        assert read(text) == text
    for text in ("a", "abcde", "\U0001f600\U0001f600a", "\ud800"):
        with pytest.raises(ValueError):
            read(text)

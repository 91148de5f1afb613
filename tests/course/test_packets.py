"""Packets carry plain data between the judge and an answer, and nothing else."""

import pickle
from collections import namedtuple
from enum import StrEnum
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.course.running.packets import HEAD, BadPacket, Opaque, length, packed, unpacked

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.characters() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=10,
)


def there_and_back(value: object) -> object:
    packet = packed(value)
    assert length(packet[: HEAD.size]) == len(packet) - HEAD.size
    return unpacked(packet[HEAD.size :])


@given(PLAIN)
def test_plain_data_arrives_unchanged(value: object) -> None:
    """Types included: True is not 1, and a tuple is not a list."""
    assert repr(there_and_back(value)) == repr(value)


def test_half_a_surrogate_pair_arrives_unchanged() -> None:
    """An answer may return it: JSON can contain it."""
    assert there_and_back("\ud83d") == "\ud83d"


def test_object_arrives_as_its_type_and_repr() -> None:
    """It is named and shown, and none of its code is here."""
    assert there_and_back([Fraction(1, 2)]) == [Opaque("Fraction", "Fraction(1, 2)")]


def test_instance_of_a_subclass_is_the_value_of_its_base() -> None:
    """A StrEnum, a named tuple or a dict with methods of its own, which could lie."""

    class Kind(StrEnum):
        JOIN = "join"

    class Liar(dict):  # type: ignore[type-arg]
        def items(self) -> Any:
            return [("b", 2)]

    assert there_and_back([Kind.JOIN, Liar(a=1), namedtuple("Pair", "a b")(1, 2), bytearray(b"x")]) == [
        "join",
        {"a": 1},
        (1, 2),
        b"x",
    ]


def test_int_of_too_many_digits_is_opaque() -> None:
    """Python neither writes nor reads it as text, and the answer must not end because of that."""
    assert there_and_back(10**5000) == Opaque("int", "that cannot be shown")


def test_list_that_contains_itself_is_cut_off() -> None:
    """The cut is deep enough for any honest value."""
    circle: list[object] = []
    circle.append(circle)
    assert repr(there_and_back(circle)).count("[") > 50


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not JSON",
        pickle.dumps(pytest.raises),
        b'["list"]',
        b'["set", []]',
        b'["dict", [[["list", []], 1]]]',
        b'["opaque", []]',
        b"[" * 100_000,
        b"1" * 5000,
    ],
)
def test_packet_of_other_bytes_is_refused(body: bytes) -> None:
    """The answer can write to the socket, too."""
    with pytest.raises(BadPacket):
        unpacked(body)


def test_giant_packet_is_refused_on_both_sides() -> None:
    """It is neither written nor waited for."""
    with pytest.raises(BadPacket, match="at most"):
        packed(b"x" * 5_000_000)
    with pytest.raises(BadPacket, match="a packet of"):
        length(HEAD.pack(2**31))

"""What passes from an answer to the judge is data, and nothing else."""

import pickle
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.course.running.packets import HEAD, BadPacket, Opaque, length, packed, unpacked

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def there_and_back(value: object) -> object:
    packet = packed(value)
    assert length(packet[: HEAD.size]) == len(packet) - HEAD.size
    return unpacked(packet[HEAD.size :])


@given(PLAIN)
def test_plain_data_arrives_as_it_was(value: object) -> None:
    """Types and all: True is not 1, a tuple is no list."""
    assert repr(there_and_back(value)) == repr(value)


def test_what_is_not_plain_arrives_as_what_it_looks_like() -> None:
    """An object is named and shown, and none of its code is here."""
    assert there_and_back([Fraction(1, 2)]) == [Opaque("Fraction", "Fraction(1, 2)")]


def test_a_subclass_is_not_plain() -> None:
    """A dict with methods of its own could lie."""
    liar = type("Liar", (dict,), {"__repr__": lambda self: "honest"})
    assert there_and_back(liar(a=1)) == Opaque("Liar", "honest")


def test_what_goes_round_in_circles_arrives() -> None:
    """A list in itself is cut off somewhere."""
    circle: list[object] = []
    circle.append(circle)
    assert repr(there_and_back(circle)).count("[") > 50


@pytest.mark.parametrize("body", [b"", b"no pickle", pickle.dumps(Fraction(1, 2)), pickle.dumps(pytest.raises)])
def test_code_and_nonsense_are_refused(body: bytes) -> None:
    """A packet that would import something is not read."""
    with pytest.raises(BadPacket):
        unpacked(body)


def test_a_giant_is_refused_on_both_sides() -> None:
    """Neither written nor waited for."""
    with pytest.raises(BadPacket, match="at most"):
        packed(b"x" * 5_000_000)
    with pytest.raises(BadPacket, match="a packet of"):
        length(HEAD.pack(2**31))

"""What a member must receive, and which situations keep to the text of 09-find-fault-1."""

from random import Random

import pytest

from labkit.course.exercises.find_fault import PROPERTIES
from labkit.course.models.clients import SERVER, Message, at_once, connect, send
from labkit.course.models.find_fault import OTHER, WHO, Expected, Reference, join, permits, seen

HI = Message(type="chat", text="hi")
TWO = (SERVER, connect("ana"), join("ana", "room:a"), connect("ben"), join("ben", "room:a"))


def expected(*steps: tuple[str, str, tuple[object, ...]]) -> dict[str, list[object]]:
    """What must arrive in the last step."""
    reference = Reference()
    for step in (*TWO, *steps):
        last = reference.do(step)
    return {name: one.messages for name, one in last.items()}


def test_chat_reaches_the_living_members() -> None:
    assert expected(send("ana", HI)) == {"ana": [("chat", "hi")], "ben": [("chat", "hi")]}
    assert expected(at_once(("vanish", "ben"), ("send", "ana", HI))) == {"ana": [("chat", "hi")]}
    assert expected(join("ben", "room:b"), send("ana", HI, WHO)) == {"ana": [("chat", "hi"), ("who", 1)], "ben": []}


def test_message_of_another_type_is_ignored() -> None:
    assert expected(send("ana", OTHER)) == {"ana": [], "ben": []}


def test_client_that_moves_at_that_moment_may_receive_the_chat_or_not() -> None:
    reference = Reference()
    for step in TWO:
        reference.do(step)
    moved = reference.do(at_once(("send", "ana", HI), ("send", "ben", Message(type="join", roomId="room:b"))))["ben"]
    assert moved.allows([("joined",)])
    assert moved.allows([("chat", "hi"), ("joined",)])
    assert moved.allows([("joined",), ("chat", "hi")])
    assert not moved.allows([("chat", "hi")])
    assert not moved.allows([("joined",), ("chat", "hi"), ("chat", "hi")])


def test_order_counts() -> None:
    assert not Expected([("chat", "a"), ("chat", "b")]).allows([("chat", "b"), ("chat", "a")])


def test_a_count_is_a_number() -> None:
    assert seen({"type": "who", "members": 1, "room": "a"}) == ("who", 1)
    assert seen({"type": "who", "members": True}) != ("who", 1)


@pytest.mark.parametrize("tested", PROPERTIES, ids=lambda one: one.id)
def test_every_drawn_situation_keeps_to_the_text(tested: object) -> None:
    situations = tested.situations(Random(7))  # type: ignore[attr-defined]
    assert [one for one in situations if not permits(one)] == []


def test_what_the_text_leaves_open_is_not_permitted() -> None:
    assert not permits((SERVER, connect("ana"), send("ana", WHO)))
    assert not permits((*TWO, at_once(("vanish", "ben"), ("send", "ana", WHO))))
    assert not permits((*TWO, at_once(("vanish", "ana"), ("send", "ana", HI))))
    assert not permits((SERVER, connect("ana"), send("ana", Message(type="join"))))

"""Situations are data, and code that a learner can paste."""

import pytest

from labkit.course.models.situations import (
    Result,
    as_code,
    as_program,
    ask,
    call,
    get,
    is_whole,
    literal,
    make,
    renamed,
    spoil,
)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a",
        "x" * 1000,
        "\U0001f40b" * 501,
        "\ud800" * 20,
        b"",
        b"." * 600,
        b"a'\"\\" * 30,
        [b"x" * 20, "y"],
        (1,),
        {"a": 1},
        "{'a': " * 900 + "1" + "}" * 900,
        True,
        -0.5,
        None,
        [],
        (),
    ],
)
def test_literal_is_the_value(value: object) -> None:
    assert eval(literal(value)) == value


def test_what_repeats_is_written_as_a_product() -> None:
    assert literal(b"." * 600) == "b'.' * 600"
    assert literal("a" + "xy" * 100 + "b") == "'a' + 'xy' * 100 + 'b'"


def test_steps_are_written_as_a_learner_would() -> None:
    steps = [
        make("box", 10, 5.0),
        call("box.offer", b"aa", 0.25),
        spoil(call("box.take", 3)),
        spoil(call("box.take", 3), 0),
        get("box.held"),
        ask("x"),
    ]
    assert [as_code(step, "Outbox") for step in steps] == [
        "box = Outbox(10, 5.0)",
        "box.offer(b'aa', 0.25)",
        "box.take(3).clear()",
        "box.take(3)[0].clear()",
        "box.held",
        "Outbox('x')",
    ]


def test_program_says_what_came_and_what_was_expected() -> None:
    steps = (make("box", 1), get("box.held"))
    results = [Result(), Result(3)]
    assert list(as_program(steps, results, "Box", "0")) == ["box = Box(1)", "box.held  # 3, expected 0"]


def test_situation_without_what_it_uses_is_not_whole() -> None:
    one = (make("box", 1), get("box.held"))
    assert is_whole(one)
    assert not is_whole(one[1:])
    assert not is_whole(one + one)
    assert is_whole(renamed(one, 1) + renamed(one, 2))
    assert is_whole((ask("x"), ask("x")))

"""Situations are data, and code that a learner can paste."""

from random import Random

import pytest

from labkit.course.models.situations import (
    Result,
    as_code,
    as_program,
    ask,
    call,
    fill,
    get,
    is_whole,
    literal,
    make,
    make_as,
    mark,
    renamed,
    spoil,
    value_as,
)
from labkit.course.running.packets import HEAD, packed, unpacked
from labkit.course.running.player import play


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
        fill(call("box.take", 3)),
        mark(ask("x")),
        get("box.held"),
        ask("x"),
    ]
    assert [as_code(step, "Outbox") for step in steps] == [
        "box = Outbox(10, 5.0)",
        "box.offer(b'aa', 0.25)",
        "box.take(3).clear()",
        "box.take(3)[0].clear()",
        "box.take(3).append('x')",
        "Outbox('x').update({'x': 1})",
        "box.held",
        "Outbox('x')",
    ]


CROWD = (
    make_as("crowd", "[{answer}(Random(seed), {0}) for seed in range({1})]", 0.5, 3),
    value_as("crowd", "[one.wait() for one in {kept}]"),
    value_as("crowd", "[one.ended({0}) for one in {kept}]", True),
)


def test_expressions_are_written_with_their_arguments() -> None:
    assert [as_code(step, "Backoff") for step in renamed(CROWD, 1)] == [
        "crowd_1 = [Backoff(Random(seed), 0.5) for seed in range(3)]",
        "[one.wait() for one in crowd_1]",
        "[one.ended(True) for one in crowd_1]",
    ]
    assert is_whole(CROWD)
    assert not is_whole(CROWD[1:])


def test_expression_is_played_as_it_is_written() -> None:
    """In the answer's process, where the answer is known by the same code."""

    class Backoff:
        def __init__(self, rng: Random, window_s: float) -> None:
            self.rng, self.window_s = rng, window_s

        def wait(self) -> float:
            return self.rng.uniform(0, self.window_s)

        def ended(self, was_let_in: bool) -> bool:
            return was_let_in

    space: dict[str, object] = {"Backoff": Backoff, "Random": Random}
    exec(as_code(CROWD[0], "Backoff"), space)
    expected = [eval(as_code(step, "Backoff"), space) for step in CROWD[1:]]
    came = play(Backoff, CROWD, lambda error: False)
    assert [unpacked(packed(value)[HEAD.size :]) for _, value in came] == [None, *expected]


GIVEN = {
    "the same list twice": ("one = []", "return one", True),
    "a list that it fills later": ("one = []", "one.append(1); return one", True),
    "the same dict in a pair": ("one = {}", "return one, True", True),
    "a new list": ("", "return []", False),
    "one tuple": ("one = ()", "return one", False),
}


@pytest.mark.parametrize("way", GIVEN)
def test_result_that_changes_later_is_noted(way: str) -> None:
    """Each caller appends to the list that it got, or adds a field to the dict and clears it."""
    before, body, is_shared = GIVEN[way]
    space: dict[str, object] = {}
    exec(f"{before}\ndef answer():\n    {body}\n", space)
    changes = [fill(ask())] * 2 if "dict" not in way else [("mark 0 ask", "", ()), spoil(ask(), 0)]
    noted: list[object] = []
    play(space["answer"], changes, lambda error: False, noted.append)
    assert (("changed",) in noted) is is_shared


def test_long_result_is_told_in_words() -> None:
    results = [Result(), Result([0.5] * 3)]
    said = list(as_program(CROWD[:2], results, "Backoff", "0 to 0.5", "3 times 0.5"))
    assert said[1] == "[one.wait() for one in crowd]  # 3 times 0.5, expected 0 to 0.5"


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

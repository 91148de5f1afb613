"""The diagram says what the table says, and changes with it."""

from collections import Counter
from typing import Any
from xml.etree import ElementTree

from labkit.rules.session import TABLE, Do, Input, State, Step
from labkit.views import diagram

SVG = "{http://www.w3.org/2000/svg}"


def words(table: Any = TABLE) -> list[str]:
    root = ElementTree.fromstring(diagram(table)._repr_svg_())
    return [text.text or "" for text in root.iter(f"{SVG}text")]


def test_every_state_has_a_box_with_its_name() -> None:
    drawn = Counter(words())
    assert all(drawn[state.value] == 1 for state in State)


def test_there_is_an_arrow_for_every_pair_of_states_that_the_table_joins() -> None:
    root = ElementTree.fromstring(diagram()._repr_svg_())
    arrows = [path for path in root.iter(f"{SVG}path") if path.get("class") == "move"]
    joined = {(state, step.next) for state, steps in TABLE.items() for step in steps.values() if step.next != state}
    assert len(arrows) == len(joined)


def test_its_text_names_every_step_that_does_something() -> None:
    text = repr(diagram())
    for state, steps in TABLE.items():
        for given, step in steps.items():
            if step.next != state or step.do is not Do.NOTHING:
                line = next(row for row in text.splitlines() if row.startswith(f"{state.value} -> {step.next.value}:"))
                assert line
                assert given.value in text


def test_it_is_drawn_from_the_table_it_is_given() -> None:
    small = {
        State.OPEN: {Input.PING: Step(Do.ANSWER, State.OPEN), Input.LOST: Step(Do.FORGET, State.CLOSED)},
        State.CLOSED: {},
    }
    assert words(small) == ["connection lost", "open", "\u21bb ping", "closed"]


def test_no_arrow_or_word_leaves_the_picture() -> None:
    root = ElementTree.fromstring(diagram()._repr_svg_())
    _, _, width, height = (float(number) for number in root.attrib["viewBox"].split())
    for text in root.iter(f"{SVG}text"):
        assert 0 < float(text.attrib["x"]) < width
        assert 0 < float(text.attrib["y"]) < height


def test_words_do_not_lie_on_one_another() -> None:
    root = ElementTree.fromstring(diagram()._repr_svg_())
    boxes = []
    for text in root.iter(f"{SVG}text"):
        half = 3.1 * len(text.text or "")
        boxes.append((float(text.attrib["x"]) - half, float(text.attrib["x"]) + half, float(text.attrib["y"])))
    for number, (left, right, y) in enumerate(boxes):
        for other_left, other_right, other_y in boxes[number + 1 :]:
            assert abs(y - other_y) >= 10 or right < other_left or other_right < left

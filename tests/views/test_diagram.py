"""The diagram shows what its table says."""

from collections import Counter
from typing import Any
from xml.etree import ElementTree

from labkit.rules.session import TABLE, Do, Input, State, Step
from labkit.views import diagram

SVG = "{http://www.w3.org/2000/svg}"


def words(table: Any = TABLE) -> list[str]:
    root = ElementTree.fromstring(diagram(table)._repr_svg_())
    return [text.text or "" for text in root.iter(f"{SVG}text")]


def test_every_state_has_a_named_box() -> None:
    drawn = Counter(words())
    assert all(drawn[state.value] == 1 for state in State)


def test_every_transition_between_states_has_an_arrow() -> None:
    root = ElementTree.fromstring(diagram()._repr_svg_())
    arrows = [path for path in root.iter(f"{SVG}path") if path.get("class") == "move"]
    joined = {(state, step.next) for state, steps in TABLE.items() for step in steps.values() if step.next != state}
    assert len(arrows) == len(joined)


def test_text_names_every_step_with_an_action() -> None:
    text = repr(diagram())
    for state, steps in TABLE.items():
        for given, step in steps.items():
            if step.next != state or step.do is not Do.NOTHING:
                line = next(row for row in text.splitlines() if row.startswith(f"{state.value} -> {step.next.value}:"))
                assert line
                assert given.value in text


def test_diagram_follows_the_given_table() -> None:
    small = {
        State.OPEN: {Input.PING: Step(Do.ANSWER, State.OPEN), Input.LOST: Step(Do.FORGET, State.CLOSED)},
        State.CLOSED: {},
    }
    assert words(small) == ["connection lost", "open", "\u21bb ping", "closed"]


def test_arrows_and_text_stay_inside_picture() -> None:
    root = ElementTree.fromstring(diagram()._repr_svg_())
    _, _, width, height = (float(number) for number in root.attrib["viewBox"].split())
    for text in root.iter(f"{SVG}text"):
        assert 0 < float(text.attrib["x"]) < width
        assert 0 < float(text.attrib["y"]) < height


def test_text_does_not_overlap() -> None:
    root = ElementTree.fromstring(diagram()._repr_svg_())
    boxes = []
    for text in root.iter(f"{SVG}text"):
        half = 3.1 * len(text.text or "")
        boxes.append((float(text.attrib["x"]) - half, float(text.attrib["x"]) + half, float(text.attrib["y"])))
    for number, (left, right, y) in enumerate(boxes):
        for other_left, other_right, other_y in boxes[number + 1 :]:
            assert abs(y - other_y) >= 10 or right < other_left or other_right < left

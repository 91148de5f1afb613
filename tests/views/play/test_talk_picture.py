"""The picture of a talk: where each text is, and which of them were misjudged."""

import xml.etree.ElementTree as ElementTree
from html import unescape

import pytest

from labkit.bench.play.talk import PUBLISHED, READS, THROWS, Talk, Verdict
from labkit.views.play import player, talk
from labkit.views.play.shapes import WIDTH, Picture, svg

FAULT = "mine raised KeyError: 'x'"
VERDICTS = [
    Verdict("good", True, 0.0, PUBLISHED, READS),
    Verdict("NaN", False, 1.0, PUBLISHED, THROWS),
    Verdict("17", False, 2.0, PUBLISHED, READS),
    Verdict("word", False, 3.0, "closed 1011: internal error", "", FAULT),
    Verdict("101", False, 4.0, "closed 1008: invalid message"),
]
NAMES = ("good", "NaN", "17", "word", "101", "last")


def made() -> Talk:
    return Talk("6 texts", NAMES, [*VERDICTS, Verdict("last", True, 5.0)], 5.1)


def css(picture: Picture, key: str) -> str:
    return picture[key].attributes["class"]


def test_text_stops_at_the_validator_or_reaches_the_browsers() -> None:
    drawn = talk.picture(made(), 5.1)
    assert [float(drawn[f"way {row}"].attributes["x2"]) for row in (0, 4)] == [talk.ROOM, talk.GATE]
    assert css(drawn, "way 0") == "way open"
    assert 200 < float(drawn["way 5"].attributes["x2"]) < talk.GATE
    assert "flying 5" in drawn and "flying 0" not in drawn


def test_browsers_that_throw_have_a_cross() -> None:
    drawn = talk.picture(made(), 5.1)
    assert [css(drawn, f"browser 0 {row}") for row in (0, 1, 4)] == ["browser reads", "browser throws", "browser"]
    assert [drawn[f"cross 2 {row}"].text for row in (0, 1)] == ["", "\u2715"]


def test_wrong_verdicts_are_red_and_counted() -> None:
    drawn = talk.picture(made(), 5.1)
    assert [css(drawn, f"name {row}").endswith("bad") for row in range(6)] == [False, True, True, True, False, False]
    assert drawn["what 2"].text == "every browser reads it, but it is invalid"
    assert drawn["what 3"].text == "closed 1011: mine raised KeyError"
    assert drawn["count"].text == "3 of 5 misjudged"


def test_nothing_of_the_future_is_shown() -> None:
    drawn = talk.picture(made(), 0.9)
    assert [drawn[f"what {row}"].text for row in (1, 2)] == ["", ""]
    assert drawn["count"].text == "0 of 1 misjudged"


@pytest.mark.parametrize("at", [0.0, 1.1, 5.1])
def test_talk_is_inside_its_frame(at: float) -> None:
    drawn = talk.picture(made(), at)
    ElementTree.fromstring(svg(drawn, talk.height(made()), "story"))
    for key, shape in drawn.items():
        right = float(shape.attributes.get("x", 0)) + float(shape.attributes.get("width", 0))
        below = float(shape.attributes.get("y", 0)) + float(shape.attributes.get("height", 0))
        assert right <= WIDTH and below <= talk.height(made()), key


def test_saved_talk_compares_its_verdicts() -> None:
    saved = player.still(made())
    assert "NaN: published; JSON.parse throws in every browser" in unescape(saved["text/html"])
    assert saved["text/plain"] == made().story
    assert player._words(made(), 5.1) == "last: "
    assert player._words(Talk("none", ()), 0) == ""

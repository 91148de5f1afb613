"""Pictures of an experiment about a room's history: what is remembered, out of reach, and missed for good."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from labkit.bench.play.actions import freeze, heal
from labkit.bench.play.plan import HISTORY, plan
from labkit.bench.play.recording import BACK, DID, Mark, Recording, Sample
from labkit.rules.limits import Limits
from labkit.views.play import history, history_series, player, series, strip
from labkit.views.play.pipeline import HEIGHT
from labkit.views.play.shapes import WIDTH, Picture, svg

STOPPED, BACK_AT, END = 2.0, 8.0, 10.0
KEEPS, RATE = 256, 100


def away(words: str = "ben is back, no gap") -> Recording:
    """Ben is away from 2 s to 8 s; he gets the last 256 of the 600 messages that he missed."""
    at = {STOPPED: freeze("ben"), 7.9: heal("ben")}
    run = Recording(plan(3, RATE, at, END, Limits(messages_per_s=None), about=HISTORY), is_over=True)
    for tenth in range(101):
        for name in run.plan.members:
            run.add(Sample(tenth / 10, name, True, published=tenth * 10))
    run.received["ben"] = {number: number / RATE for number in range(200)}
    run.received["ben"] |= dict.fromkeys(range(800 - KEEPS, 800), BACK_AT + 0.05)
    run.received["ben"] |= {number: number / RATE for number in range(806, 1000)} | dict.fromkeys(range(800, 806), 8.06)
    run.marks += [Mark(STOPPED, "ben", DID, "ben's network stops", "stopped"), Mark(BACK_AT, "ben", BACK, words)]
    return run


def number(picture: Picture, key: str, attribute: str) -> float:
    return float(picture[key].attributes[attribute])


@pytest.mark.parametrize(
    ("at", "expected", "forgotten", "missing"),
    [
        (1.0, (100, 0, 101), 0, 0),
        (4.0, (400, 400 - KEEPS, 200), 0, 0),
        (6.0, (600, 600 - KEEPS, 200), 600 - KEEPS - 200, 0),
        (9.0, (901, 901 - KEEPS, 901), 0, 800 - KEEPS - 200),
    ],
)
def test_place_of_room_and_member(at: float, expected: tuple[int, int, int], forgotten: int, missing: int) -> None:
    here = history.place(away(), at)
    assert here[1:3] == pytest.approx(expected[1:], abs=1)
    assert here.newest == pytest.approx(expected[0], abs=1)
    assert (here.forgotten, here.missing) == (forgotten, missing)


def test_bar_shows_what_is_out_of_reach_and_then_missed() -> None:
    unit = history.BAR[2] / history.most(away())
    before, after = history.picture(away(), 6.0), history.picture(away(), 9.0)
    assert number(before, "bar risk", "width") == pytest.approx(unit * 144, abs=0.2)
    assert number(before, "bar remembers", "width") == pytest.approx(unit * KEEPS, abs=0.2)
    assert before["headline more"].text == "144 are out of reach"
    assert "hole 0" not in before
    assert number(after, "hole 0", "width") == pytest.approx(unit * 344, abs=0.2)
    assert number(after, "bar risk", "width") == 0
    assert after["headline more"].text == "344 never received"
    assert after["headline"].attributes["class"] == "headline bad"


def test_return_without_a_hole_is_good() -> None:
    run = away()
    run.received["ben"] |= dict.fromkeys(range(200, 800), BACK_AT)
    drawn = history.picture(run, 9.0)
    assert drawn["headline"].attributes["class"] == "headline good"
    assert drawn["headline more"].text == ""


def test_chart_has_a_red_bar_for_a_hole() -> None:
    drawn = history_series.picture(away(), END)
    here = series.Axes(series.TOP, history_series.HIGH, END, history.most(away()))
    assert drawn["hole name 0"].text == "344 missed"
    assert number(drawn, "hole 0", "x") + 5 == pytest.approx(here.x(BACK_AT), abs=0.2)
    assert number(drawn, "hole 0", "height") == pytest.approx(here.y(200) - here.y(544), abs=0.2)
    assert "hole 0" not in history_series.picture(away(), 7.0)


def test_moments_are_before_and_at_each_return() -> None:
    run = away("ben is back, with a gap")
    assert run.story == "before; ben is still away; ben is back, with a gap; the end"
    run.marks.append(Mark(9.0, "ben", BACK, "ben is back, no gap"))
    assert len(run.moments()) == 5
    assert run.moments()[2].at >= BACK_AT + 0.3


def test_strip_of_a_history_has_the_bar() -> None:
    drawn = strip.picture(away())
    assert drawn["1 missed"].text == "324 are out of reach"
    assert drawn["2 missed"].text == "344 never received"
    assert drawn["1 network"].text == "network: stopped"
    assert drawn["2 frame"].attributes["class"] == "frame closed-frame"


def test_kit_in_place_of_a_class_is_drawn_the_same() -> None:
    run = away()
    assert set(player.frame(run, 6.0)) != set(player.frame(Recording(replace(run.plan, about="outbox")), 6.0))


@pytest.mark.parametrize("at", [0.0, 1.0, 6.0, BACK_AT, END])
@pytest.mark.parametrize("run", [away(), Recording(away().plan)], ids=["away", "empty"])
def test_history_pictures_are_inside_their_frame(run: Recording, at: float) -> None:
    for drawn, height in (
        (history.picture(run, at), HEIGHT),
        (history_series.picture(run, at), series.HEIGHT),
        (strip.picture(run), HEIGHT),
    ):
        ElementTree.fromstring(svg(drawn, height, "story"))
        for key, shape in drawn.items():
            values = {name: float(text) for name, text in shape.attributes.items() if name in ("x", "y", "cx", "cy")}
            right = values.get("x", 0) + float(shape.attributes.get("width", 0))
            below = values.get("y", 0) + float(shape.attributes.get("height", 0))
            assert min(values.values(), default=0) >= 0 and right <= WIDTH + 0.2 and below <= height, key

"""Pictures of a recording: what they show at a time, and that they stay inside their frame."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from labkit.bench.play.recording import Recording
from labkit.views.play import compared, pipeline, series, strip
from labkit.views.play.shapes import WIDTH, Picture, changes, svg
from tests.bench.play.recordings import BACK_AT, CLOSED_AT, END, calm, slow


def texts(picture: Picture) -> str:
    return "\n".join(shape.text for shape in picture.values() if shape.text)


def number(picture: Picture, key: str, attribute: str) -> float:
    return float(picture[key].attributes[attribute])


def top(picture: Picture, key: str) -> float:
    return number(picture, key, "y")


def test_tanks_fill_to_the_measured_level() -> None:
    drawn = pipeline.picture(slow(), 6.0)  # the oldest message is 1 s old, and the limit is 2 s
    limit = number(drawn, "outbox limit", "y1")
    bottom = top(drawn, "outbox") + number(drawn, "outbox", "height")
    assert top(drawn, "outbox age") == pytest.approx((limit + bottom) / 2, abs=0.2)
    filled = number(drawn, "outbox bytes", "height")
    assert filled == pytest.approx((bottom - limit) * 50_000 / slow().plan.limits.outbox_bytes, abs=0.2)
    assert "50 kB" in texts(drawn) and "1.0 s" in texts(drawn)


def test_limit_is_marked_when_it_is_reached() -> None:
    assert pipeline.picture(slow(), 6.0)["outbox limit"].attributes["class"] == "limit"
    assert pipeline.picture(slow(), CLOSED_AT - 0.1)["outbox limit"].attributes["class"] == "limit over"


def test_close_turns_the_member_and_frees_the_memory() -> None:
    before, after = (pipeline.picture(slow(), at) for at in (CLOSED_AT - 0.1, CLOSED_AT))
    assert before["client"].attributes["class"] == "box"
    assert after["client"].attributes["class"] == "box closed"
    assert after["client state"].text == "closed 1013 slow"
    assert after["headline more"].text == "age limit reached; 98 kB freed"
    assert number(before, "outbox age", "height") > 100 > number(after, "outbox age", "height") == 0


def test_return_turns_the_member_back() -> None:
    drawn = pipeline.picture(slow(), BACK_AT)
    assert drawn["client"].attributes["class"] == "box"
    assert drawn["headline"].text == "ben is back, with a gap"


def test_messages_stop_where_the_network_stops() -> None:
    def leaving(at: float) -> dict[str, float]:
        drawn = pipeline.picture(slow(), at)
        return {key: number(drawn, key, "cx") for key in drawn if key.startswith("out ")}

    assert leaving(3.0) == leaving(6.0) != {}
    assert leaving(1.5) != leaving(1.55)
    assert leaving(CLOSED_AT) == {}
    assert any(key.startswith("in ") for key in pipeline.picture(slow(), CLOSED_AT))


def test_messages_do_not_cover_the_room() -> None:
    left, right = pipeline.ROOM
    for at in (1.0, 1.1, 1.2):
        drawn = pipeline.picture(slow(), at)
        assert not [key for key in drawn if key.startswith("in ") and left <= number(drawn, key, "cx") <= right]


def test_kernel_that_is_not_measured_says_so() -> None:
    run = slow()
    run.samples["ben"] = [each._replace(kernel_bytes=None) for each in run.samples["ben"]]
    assert pipeline.picture(run, 6.0)["kernel value"].text == "not measured"
    assert "kernel: not measured" in texts(series.picture(run, 6.0))
    assert ">not measured<" in svg(strip.picture(run), 1, "")


def test_other_members_have_a_tank_each_up_to_ten() -> None:
    drawn = pipeline.picture(slow(members=30), 6.0)
    assert sum(key.startswith("other level") for key in drawn) == pipeline.MOST_OTHERS
    assert "10 of 29 shown" in texts(drawn)


def test_another_closed_member_turns_too() -> None:
    run = slow()
    run.marks = [*run.marks, run.marks[1]._replace(member="cleo")]
    drawn = pipeline.picture(run, 8.0)
    assert drawn["other state 1"].text == "1013"
    assert drawn["other state 0"].text == "0%"


def test_charts_name_marks_limits_and_units() -> None:
    shown = texts(series.picture(slow(), END))
    for words in ("ben's network stops", "ben closed: 1013 slow", "age limit 2 s", "waiting, kB", "oldest message, s"):
        assert words in shown
    assert "outbox limit 1.05 MB, above this scale" in shown


def test_byte_limit_within_the_scale_is_a_line() -> None:
    run = slow()
    limits = run.plan.limits.__class__(messages_per_s=None, outbox_bytes=65_536, max_frame_bytes=8_192)
    drawn = series.picture(Recording(replace(run.plan, limits=limits), run.samples, run.marks), END)
    assert drawn["bytes limit"].attributes["class"] == "limit"
    assert drawn["bytes limit name"].text == "outbox limit 66 kB"


def test_charts_show_no_later_samples_or_marks() -> None:
    drawn = series.picture(slow(), 3.0)
    assert "1013" not in texts(drawn)
    places = [float(place) for place in re.findall(r"[ML]([\d.]+) ", drawn["area outbox"].attributes["d"])]
    assert max(places) == pytest.approx(series.axes([slow()], [])[0].x(3.0), abs=1)


def test_strip_has_a_frame_for_each_moment() -> None:
    run = slow()
    drawn = strip.picture(run)
    frames = [shape.attributes["class"] for key, shape in drawn.items() if key.endswith(" frame")]
    assert frames == ["frame", "frame", "frame", "frame closed-frame", "frame back-frame"]
    assert "98 kB freed" in texts(drawn)
    assert sum(key.endswith(" frame") for key in strip.picture(calm())) == 3


def test_comparison_has_both_lines_on_the_same_axes() -> None:
    drawn = compared.picture(calm(END).compare(slow()))
    assert drawn["bytes before"].attributes["class"] != drawn["bytes after"].attributes["class"]
    assert "after: ben closed: 1013 slow" in texts(drawn)
    assert texts(drawn).count("age limit 2 s") == 1


@pytest.mark.parametrize("at", [0.0, 1.0, 6.0, CLOSED_AT, BACK_AT, END])
@pytest.mark.parametrize("members", [2, 30])
def test_everything_is_inside_the_frame(at: float, members: int) -> None:
    run = slow(members=members)
    for drawn, height in (
        (pipeline.picture(run, at), pipeline.HEIGHT),
        (series.picture(run, at), series.HEIGHT),
        (strip.picture(run), pipeline.HEIGHT),
        (compared.picture(run.compare(run)), series.HEIGHT),
    ):
        for key, shape in drawn.items():
            values = {name: float(text) for name, text in shape.attributes.items() if name in ("x", "y", "cx", "cy")}
            right = values.get("x", 0) + float(shape.attributes.get("width", 0))
            below = values.get("y", 0) + float(shape.attributes.get("height", 0))
            assert min(values.values(), default=0) >= 0 and right <= WIDTH and below <= height, key


def test_pictures_before_the_first_sample() -> None:
    run = Recording(slow().plan)
    for drawn in (pipeline.picture(run, 0.0), series.picture(run, 0.0), strip.picture(run)):
        ElementTree.fromstring(svg(drawn, 100, "nothing"))


def test_names_are_escaped() -> None:
    drawn = {"a": pipeline.picture(slow(), 1.0)["client name"]._replace(text="<b>&")}
    assert "".join(ElementTree.fromstring(svg(drawn, 100, '"<&')).itertext()) == "<b>&"


def test_changes_turn_one_picture_into_the_next() -> None:
    before, after = pipeline.picture(slow(), 6.0), pipeline.picture(slow(), CLOSED_AT)
    changed = changes(before, after)
    shown = {key: shape for key, shape in before.items() if key not in changed["gone"]}
    shown |= {key: type(before["client"])(*shape) for key, *shape in changed["set"]}
    assert shown == after
    assert len(changed["set"]) < len(after) / 2

"""Pictures of an experiment about the disk: what is received and in no file, and what a kill loses of it."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from labkit.bench.play.actions import fill_disk, free_disk
from labkit.bench.play.plan import plan
from labkit.bench.play.recording import DID, DiskSample, Mark, Recording
from labkit.views.play import compared, disk, disk_series, player, series, strip
from labkit.views.play.pipeline import HEIGHT
from labkit.views.play.shapes import WIDTH, Picture, svg
from tests.bench.play.recordings import calm, killed

KILLED_AT, BACK_AT, END = 2.0, 2.5, 4.0


def number(picture: Picture, key: str, attribute: str) -> float:
    return float(picture[key].attributes[attribute])


def full() -> Recording:
    """The disk is full from 1 s to 3 s, and the server delivers all the same."""
    run = Recording(plan(3, 100, {1: fill_disk(), 3: free_disk()}, END, calm().plan.limits), now=END, is_over=True)
    for tenth in range(41):
        missed = min(max(0, tenth * 10 - 100), 200)
        run.disk.append(DiskSample(tenth / 10, tenth * 10, tenth * 10, tenth * 10 - missed, missed))
    run.marks += [Mark(1.0, "", DID, "the disk is full"), Mark(3.0, "", DID, "the disk has space again")]
    return run


def test_tank_fills_with_what_is_received_and_in_no_file() -> None:
    run = killed()
    drawn = disk.picture(run, 1.9)
    assert number(drawn, "tank risk", "height") == pytest.approx(0.9 * 174 * 40 / disk.scale(run), abs=0.2)
    assert number(drawn, "tank lost", "height") == 0
    assert drawn["tank value"].text == "40"


def test_kill_turns_the_server_and_what_is_lost_red() -> None:
    before, after = (disk.picture(killed(), at) for at in (KILLED_AT - 0.1, KILLED_AT))
    assert [drawn["room"].attributes["class"] for drawn in (before, after)] == ["box", "box closed"]
    assert [drawn["band 1"].attributes["class"] for drawn in (before, after)] == ["band", "band killed"]
    assert number(after, "tank lost", "height") > 50
    assert number(after, "tank risk", "height") == 0
    assert after["headline more"].text == "50 messages lost: received, and in no file"
    assert after["tank value"].text == "50 lost"


def test_lost_messages_stay_lost_when_everybody_is_back() -> None:
    drawn = disk.picture(killed(), END)
    assert drawn["room"].attributes["class"] == "box"
    assert drawn["tank value"].text.endswith("50 lost")
    assert drawn["headline"].text == "everybody is back"


def test_full_disk_turns_the_file_and_stops_its_messages() -> None:
    drawn = disk.picture(full(), 2.9)
    assert drawn["file"].attributes["class"] == "box closed"
    assert drawn["headline more"].text == "190 messages received, and in no file"
    assert any(key.startswith("heard ") for key in drawn)
    assert not any(key.startswith("kept ") for key in drawn)
    free = disk.picture(full(), END)
    assert free["file"].attributes["class"] == "box"
    assert any(key.startswith("kept ") for key in free)


def test_charts_stack_what_is_lost_below_the_rest() -> None:
    drawn = disk_series.picture(killed(), END)
    heights = [float(y) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", drawn["area lost"].attributes["d"])]
    floor, level = max(heights), min(heights)
    assert floor - level == pytest.approx(series.BYTES_HIGH * 50 / disk.scale(killed()), abs=0.2)
    assert "the server is killed" in "".join(shape.text for shape in drawn.values())
    assert drawn["mark 0"].attributes["class"] == "mark bad"
    early = disk_series.picture(killed(), 1.5)
    assert "mark 0" not in early


def test_strip_marks_kills_returns_and_a_full_disk() -> None:
    def frames(run: Recording) -> list[str]:
        drawn = strip.picture(run)
        return [shape.attributes["class"].rpartition(" ")[2] for key, shape in drawn.items() if key.endswith(" frame")]

    assert frames(killed()) == ["frame", "frame", "closed-frame", "back-frame", "back-frame"]
    assert frames(full()) == ["frame", "closed-frame", "frame", "frame"]


def test_two_runs_about_the_disk_are_compared_by_it() -> None:
    both = killed().compare(full())
    drawn = compared.picture(both)
    assert drawn["bytes title"].text == "received but not stored"
    assert drawn["bytes before"].attributes["d"] != drawn["bytes after"].attributes["d"]
    assert compared.picture(killed().compare(calm()))["bytes title"].text == "outbox and kernel, kB"


def test_screen_reader_learns_what_is_lost() -> None:
    assert player._words(killed(), END) == "everybody is back \u2013 50 messages lost"


@pytest.mark.parametrize("at", [0.0, 1.0, KILLED_AT, BACK_AT, END])
@pytest.mark.parametrize("run", [killed(), full(), Recording(full().plan)], ids=["killed", "full", "empty"])
def test_disk_pictures_are_inside_their_frame(run: Recording, at: float) -> None:
    for drawn, height in (
        (disk.picture(run, at), HEIGHT),
        (disk_series.picture(run, at), series.HEIGHT),
        (strip.picture(run), HEIGHT),
    ):
        ElementTree.fromstring(svg(drawn, height, "story"))
        for key, shape in drawn.items():
            values = {name: float(text) for name, text in shape.attributes.items() if name in ("x", "y", "cx", "cy")}
            right = values.get("x", 0) + float(shape.attributes.get("width", 0))
            below = values.get("y", 0) + float(shape.attributes.get("height", 0))
            assert min(values.values(), default=0) >= 0 and right <= WIDTH and below <= height, key

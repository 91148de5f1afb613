"""The room votes on the page at `/board` in Chromium: readable on a projector, and without names."""

from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest
from playwright.sync_api import Page, expect

from labkit.classroom.votes.lessons import predictions
from tests.e2e.axe import serious
from tests.e2e.schoolhouse import Schoolhouse
from tests.e2e.test_board_page import opened
from tests.e2e.visitors import PHONE, Visit, overhang

SIZES = [{"width": 1920, "height": 1080}, {"width": 1024, "height": 768}, PHONE]
PREDICTION = max(predictions().values(), key=lambda one: len(one.text) + sum(map(len, one.options)))
NAMES = ("ulrike", "vito")  # in no prediction
CUT = "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.innerText)"


@pytest.fixture
def school(tmp_path: Path) -> Iterator[Schoolhouse]:
    """A class of three."""
    with Schoolhouse(tmp_path, ["ana", "ben", "<b>eve</b>"]) as school:
        yield school


def numbers(page: Page) -> list[str]:
    return page.locator(".vote-number").all_inner_texts()


def test_a_question_goes_from_open_to_revealed_with_a_second_vote(school: Schoolhouse, visit: Visit) -> None:
    page = opened(visit(f"{school.url}/board"), school)
    expect(page.locator(".board-vote")).to_be_hidden()
    page.fill("#ask-text", "Which <b>fills</b> first?")
    page.fill("#ask-options", "ours\n  the kernel's  \n\n")
    page.click("#ask-form button")
    expect(page.locator(".vote-count")).to_have_text("open: 0 of 3 have voted")
    expect(page.locator(".vote-title")).to_have_text("Which <b>fills</b> first?")
    school.vote("ana", "q1", 0)
    expect(page.locator(".vote-count")).to_have_text("counting: 1 of 3 have voted")
    expect(page.locator(".vote-number").first).to_have_text("1 (100 %)")
    page.get_by_text("Who has not voted").click()
    expect(page.locator(".vote-lists")).to_contain_text("<b>eve</b>, ben")
    page.click("text=Hide bars")
    assert numbers(page) == ["?", "?"]
    school.vote("ben", "q1", 0)
    expect(page.locator(".vote-count")).to_have_text("counting: 2 of 3 have voted")
    assert numbers(page) == ["?", "?"]
    page.click("text=Close the vote")
    expect(page.locator(".vote-count")).to_have_text("closed: 2 of 3 have voted")
    assert numbers(page) == ["2 (100 %)", "0 (0 %)"]
    with pytest.raises(HTTPError, match="409"):
        school.vote("<b>eve</b>", "q1", 1)
    page.click("text=Vote again")
    page.click("text=Hide bars")
    expect(page.locator(".vote-count")).to_have_text("open, second vote: 0 of 3 have voted")
    school.kill()
    expect(page.locator("#state")).to_have_text("reconnecting")
    school.start()
    school.vote("ana", "q1", 1, 2)
    school.vote("<b>eve</b>", "q1", 1, 2)
    expect(page.locator(".vote-count")).to_have_text("counting, second vote: 2 of 3 have voted")
    assert numbers(page) == ["2 (100 %)", "0 (0 %)", "0 (0 %)", "2 (100 %)"]
    page.get_by_label("The measured option").select_option("the kernel's")
    page.click("text=Reveal")
    expect(page.locator(".vote-bars li.measured")).to_contain_text("the kernel's ✔ measured")
    expect(page.locator(".vote-count")).to_have_text("revealed, second vote: 2 of 3 have voted")
    assert page.locator(".board-vote b").count() == 0
    page.reload()
    opened(page, school)
    expect(page.locator(".vote-bars li.measured")).to_contain_text("the kernel's ✔ measured")


def test_a_prediction_appears_when_the_first_student_is_asked_and_shows_what_machines_measured(
    school: Schoolhouse, visit: Visit
) -> None:
    page = opened(visit(f"{school.url}/board"), school)
    school.vote("ana", PREDICTION.id, 0)
    expect(page.locator(".vote-title")).to_have_text(PREDICTION.text)
    school.vote("ben", PREDICTION.id, 1, measured=1)
    page.click("text=Reveal")
    expect(page.locator(".vote-bars li.measured")).to_contain_text(PREDICTION.options[1])


def test_no_name_is_shown_until_the_instructor_opens_a_list(tmp_path: Path, visit: Visit) -> None:
    """And with names hidden, the list has none either."""
    with Schoolhouse(tmp_path, NAMES) as school:
        _watch(school, visit(f"{school.url}/board"))


def _watch(school: Schoolhouse, page: Page) -> None:
    frames: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(str(frame))))
    opened(page, school)
    school.vote(NAMES[0], PREDICTION.id, 0)
    expect(page.locator(".vote-count")).to_have_text("counting: 1 of 2 have voted")
    assert not any(name in page.locator(".board-vote").inner_text() for name in NAMES)
    told = [frame for frame in frames if ":votes" in frame and '"comment"' in frame]
    assert told and not any(name in frame for frame in told for name in NAMES)
    assert page.get_by_text("Who voted what").count() == 0
    page.get_by_text("Who has not voted").click()
    expect(page.locator(".vote-lists")).to_contain_text(NAMES[1])
    page.click("text=Hide names")
    expect(page.locator(".vote-lists")).to_contain_text("participant")
    expect(page.locator(".vote-lists")).not_to_contain_text(NAMES[1])


def test_a_class_that_votes_by_name_lists_who_voted_what(tmp_path: Path, visit: Visit) -> None:
    school = Schoolhouse(tmp_path, ["ana", "ben"])
    school.more = ["--votes-by-name"]
    with school:
        page = opened(visit(f"{school.url}/board"), school)
        school.vote("ana", PREDICTION.id, 0)
        expect(page.locator(".vote-count")).to_have_text("counting: 1 of 2 have voted")
        page.get_by_text("Who voted what").click()
        expect(page.locator(".vote-lists")).to_contain_text(f"ana: {PREDICTION.options[0]}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_nothing_is_cut(
    school: Schoolhouse, visit: Visit, scheme: str, tmp_path: Path
) -> None:
    """The longest prediction of the course with two rounds and its measurement: projector, 1024 px and phone."""
    page = opened(visit(f"{school.url}/board", scheme=scheme), school)
    school.vote("ana", PREDICTION.id, 0)
    school.vote("ben", PREDICTION.id, 1)
    expect(page.locator(".vote-count")).to_have_text("counting: 2 of 3 have voted")
    page.click("text=Vote again")
    school.vote("ana", PREDICTION.id, 1, 2)
    expect(page.locator(".vote-count")).to_have_text("counting, second vote: 1 of 3 have voted")
    page.get_by_text("Who has not voted").click()
    for revealed in (False, True):
        if revealed:
            page.get_by_label("The measured option").select_option(PREDICTION.options[1])
            page.click("text=Reveal")
            expect(page.locator(".vote-bars li.measured")).to_be_visible()
        for size in SIZES:
            page.set_viewport_size(size)  # type: ignore[arg-type]
            assert serious(page) == []
            assert overhang(page) == 0
            assert page.locator(".board-vote, .vote-title, .vote-option, .vote-number").evaluate_all(CUT) == []
            page.screenshot(path=tmp_path / f"votes-{scheme}-{revealed}-{size['width']}.png", full_page=True)

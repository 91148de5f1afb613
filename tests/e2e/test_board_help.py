"""Answering a student on the page at `/board`: the case, a hint, a note, and catching up; closed until it is opened."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page, expect

from labkit.classroom.grading.submission import pieces
from labkit.classroom.help.notes import Notes
from labkit.classroom.solutions import OpenSolutions
from labkit.course.exercises import exercise
from labkit.course.failed import Failed
from tests.e2e.axe import serious
from tests.e2e.schoolhouse import Schoolhouse
from tests.e2e.test_board_page import opened
from tests.e2e.visitors import PHONE, Visit, overhang

ID = "06-outbox"
SOURCE = "class Outbox:\n    held = '<b>7</b>'\n"
CASE = Failed(ID, "Outbox", SOURCE, 3, "over", "after a refusal nothing is held", "<i>7</i>", ["offer(1)"])
SUMMARY = "Answer a student"
SIZES = [{"width": 1920, "height": 1080}, {"width": 1024, "height": 768}, PHONE]


@pytest.fixture
def school(tmp_path: Path) -> Iterator[Schoolhouse]:
    with Schoolhouse(tmp_path, ["ulrike", "vito"]) as school:
        yield school


def opened_help(page: Page, school: Schoolhouse) -> Page:
    opened(page, school)
    page.get_by_text(SUMMARY).click()
    return page


def test_case_hint_and_note_are_one_click_each(school: Schoolhouse, visit: Visit, tmp_path: Path) -> None:
    hints = exercise(ID).check("over").usual.hints
    page = opened_help(visit(f"{school.url}/board"), school)
    expect(page.locator(".board-help")).to_contain_text("Nobody asks, and nobody has shown a case.")
    with school.student("ulrike") as tell:
        tell(ID, "fail", "over")
        tell(ID, "help")
        expect(page.locator("#help-who option")).to_have_text(f"ulrike: {ID}")
        expect(page.locator(".help-state")).to_have_text(f"{ID}: fails over for <1 min, 1 try")
        expect(page.get_by_role("button", name="Open the case")).to_be_hidden()
        tell.hand_in(pieces(msgspec.to_builtins(CASE), "case-1"), "help")
        page.get_by_role("button", name="Open the case").click()
        expect(page.locator(".help-case")).to_contain_text("held = '<b>7</b>'")
        assert page.locator(".help-case b, .help-case i").count() == 0
        with page.expect_download() as saved:
            page.get_by_text("Save it as a notebook").click()
        assert saved.value.suggested_filename == f"ulrike-{ID}.ipynb"
        saved.value.save_as(tmp_path / "case.ipynb")
        assert json.loads((tmp_path / "case.ipynb").read_text())["cells"][1]["source"] == SOURCE
        expect(page.locator(".help-desk > .hint")).to_have_text(hints[1])
        page.get_by_role("button", name="Send hint 2").click()
        page.get_by_role("button", name="Send hint 3").click()
        expect(page.locator(".help-desk > .hint")).to_contain_text("all 3 hints on over have been seen")
        page.fill("#help-note", "count <b>bytes</b>")
        page.get_by_role("button", name="Send the note").click()
        expect(page.locator("#help-note")).to_have_value("")
        found = [(note.kind, note.text) for note in Notes(school.file).of("ulrike")]
        assert found == [("hint", hints[1]), ("hint", hints[2]), ("note", "count <b>bytes</b>")]


def test_closed_panel_has_no_name_and_hidden_names_stay_hidden(school: Schoolhouse, visit: Visit) -> None:
    page = opened(visit(f"{school.url}/board"), school)
    with school.student("ulrike") as tell:
        tell(ID, "help")
        page.click("text=Hide names")
        assert "ulrike" not in page.locator("body").inner_text()
        page.get_by_text(SUMMARY).click()
        expect(page.locator("#help-who option")).to_have_text(f"participant 1: {ID}")
        assert "ulrike" not in page.locator("body").inner_text()


def test_class_catches_up_to_a_chosen_exercise(school: Schoolhouse, visit: Visit) -> None:
    page = opened(visit(f"{school.url}/board"), school)
    page.get_by_label("The exercise that the class has reached").select_option("03-rooms")
    page.get_by_role("button", name="Let them catch up").click()
    expect(page.locator("#here-state")).to_contain_text("can catch up to 03-rooms")
    assert OpenSolutions(school.file).here() == "03-rooms"
    expect(page.get_by_role("region", name="News")).to_contain_text("classroom.catch_up()")
    page.reload()
    opened(page, school)
    expect(page.get_by_label("The exercise that the class has reached")).to_have_value("03-rooms")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
def test_panel_fits_and_is_accessible(school: Schoolhouse, visit: Visit, size: dict[str, int], tmp_path: Path) -> None:
    page = visit(f"{school.url}/board")
    page.set_viewport_size(size)
    with school.student("ulrike") as tell:
        tell(ID, "fail", "over")
        tell.hand_in(pieces(msgspec.to_builtins(CASE), "case-1"), "help")
        tell(ID, "help")
        opened_help(page, school)
        page.get_by_role("button", name="Open the case").click()
        expect(page.locator(".help-case")).to_be_visible()
        assert overhang(page) <= 0
        assert serious(page, "main") == []
        page.screenshot(path=tmp_path / f"help-{size['width']}.png", full_page=True)

"""The lane of the board page and the room's view beside it, in Chromium."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from labkit.classroom.lessons import Lesson, lessons
from labkit.classroom.register import INSTRUCTOR
from tests.e2e.axe import serious
from tests.e2e.schoolhouse import Schoolhouse
from tests.e2e.visitors import PHONE, Visit, overhang, stored

PROJECTOR, SMALL = {"width": 1920, "height": 1080}, {"width": 1024, "height": 768}
AUTH: Lesson = next(lesson for lesson in lessons() if lesson.id == "02_auth")
FIRST, SECOND = (step.id for step in AUTH.steps[:2])
NAMES = ["ana", "ben", "cleo"]


@pytest.fixture
def school(tmp_path: Path) -> Iterator[Schoolhouse]:
    """A class of three."""
    with Schoolhouse(tmp_path, NAMES) as school:
        yield school


def opened(page: Page, school: Schoolhouse) -> Page:
    page.fill("#code", school.codes[INSTRUCTOR])
    page.press("#code", "Enter")
    expect(page.locator("#state")).to_have_text("live")
    return page


def wait_for(page: Page, label: str, counts: str) -> None:
    """What a column holds, in words."""
    head = page.locator(".lane-heads li", has=page.get_by_text(label, exact=True))
    expect(head.locator(".lane-count")).to_have_text(counts)


def test_class_moves_from_step_to_step(school: Schoolhouse, visit: Visit) -> None:
    """Before the first step too; a prediction that is shown, a vote, a measurement, and an exercise."""
    page = opened(visit(f"{school.url}/board", size=PROJECTOR), school)
    wait_for(page, "In the room", "3 away")
    with school.student("ana") as ana, school.student("ben"):
        wait_for(page, "In the room", "3 2 here, 1 away")
        school.vote("ana", FIRST, None)
        expect(page.locator("#lane-title")).to_have_text(AUTH.title)
        wait_for(page, "Prediction 1", "1 at work")
        school.vote("ana", FIRST, 0)
        wait_for(page, "Prediction 1", "1 voted")
        school.vote("ana", FIRST, 0, measured=1)
        wait_for(page, "Prediction 1", "1 done")
        school.vote("ana", SECOND, 1)
        wait_for(page, "Prediction 2", "1 voted")
        ana("02-auth", "fail", "lets-in")
        wait_for(page, "02-auth", "1 failing")
        ana("02-auth", "help")
        wait_for(page, "02-auth", "1 asking")
        expect(page.locator(".lane-summary")).to_have_text("2 of 3: In the room. 1 is stuck or asking.")
        ana("02-auth", "pass")
        wait_for(page, "Past it", "1 done")
        assert page.locator(".lane-field span").count() == 3
    wait_for(page, "Past it", "1 away")


def test_lane_restart_of_the_server_keeps_every_place(school: Schoolhouse, visit: Visit) -> None:
    school.vote("ana", SECOND, 0)
    school.vote("ben", FIRST, None)
    school.kill()
    school.start()
    page = opened(visit(f"{school.url}/board"), school)
    wait_for(page, "Prediction 2", "1 away")
    wait_for(page, "Prediction 1", "1 away")


def test_step_by_keyboard_lists_names_and_hides_them(school: Schoolhouse, visit: Visit) -> None:
    page = opened(visit(f"{school.url}/board"), school)
    with school.student("ben"):
        school.vote("ben", FIRST, 0)
        wait_for(page, "Prediction 1", "1 voted")
        page.locator(".lane-heads button", has_text="Prediction 1").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#lane-names")).to_have_text("ben (voted)")
        page.get_by_role("button", name="Hide names").click()
        expect(page.locator("#lane-names")).to_have_text(re.compile(r"participant \d+ \(voted\)"))
        page.locator(".lane-heads button", has_text="Prediction 1").press("Enter")
        expect(page.locator("#lane-names")).to_be_hidden()


def test_room_view_has_no_name_and_follows_the_instructor(school: Schoolhouse, visit: Visit) -> None:
    """Opened by a click, without a code typed; and what the instructor chooses is seen there."""
    page = opened(visit(f"{school.url}/board"), school)
    with page.expect_popup() as opening:
        page.click("#room")
    room = opening.value
    expect(room.locator("#state")).to_have_text("live")
    with school.student("ana") as ana, school.student("ben"):
        school.vote("ana", FIRST, 0)
        school.vote("ben", FIRST, 1)
        ana("02-auth", "help")
        wait_for(room, "02-auth", "1 asking")
        expect(room.locator(".vote-number").first).to_have_text("1 (50 %)")
        page.get_by_role("button", name="Hide bars").click()
        expect(room.locator(".vote-number").first).to_have_text("?")
        page.fill("#say-text", "coffee at ten")
        page.press("#say-text", "Enter")
        expect(room.locator("#room-news")).to_have_text("coffee at ten")
        page.get_by_label("Lesson").select_option("03_rooms")
        expect(room.locator("#lane-title")).to_contain_text("03 ·")
        shown = room.locator("body").inner_text()
        titles = room.locator("[title]").evaluate_all("all => all.map(one => one.title).join()")
        for name in NAMES:
            assert re.search(rf"\b{name}\b", shown + titles) is None
        for hidden in ("#acts", "#help", ".board-table", ".vote-lists", ".vote-acts"):
            expect(room.locator(hidden)).to_be_hidden()
    assert school.codes[INSTRUCTOR] not in stored(room) + stored(page)


def test_room_view_by_its_address_asks_for_the_code(school: Schoolhouse, visit: Visit) -> None:
    """On another machine, for the projector; nobody gets in without the code."""
    room = visit(f"{school.url}/board#room")
    expect(room.locator("#lane")).to_be_hidden()
    opened(room, school)
    expect(room.locator(".lane-heads li")).not_to_have_count(0)
    expect(room.locator("#acts")).to_be_hidden()


def test_another_page_cannot_ask_the_board_for_its_code(school: Schoolhouse, visit: Visit) -> None:
    """The hello of the room's view, from a window that this page did not open."""
    page = opened(visit(f"{school.url}/board"), school)
    with page.expect_popup() as opening:
        page.evaluate("window.heard = []; window.open('about:blank')")
    other = opening.value
    other.evaluate(
        """() => { window.heard = []; addEventListener("message", ({ data }) => window.heard.push(data));
        opener.postMessage("labkit: the room's view is open", "*"); }"""
    )
    page.wait_for_timeout(300)
    assert other.evaluate("window.heard") == []


def test_twelve_columns_fit_in_1024_px(school: Schoolhouse, visit: Visit) -> None:
    """Nothing is to be scrolled for sideways, each cell says its word to a screen reader, and every head is whole."""
    page = opened(visit(f"{school.url}/board", size=SMALL), school)
    with school.student("ana") as ana:
        ana("02-auth", "fail", "lets-in")
        cell = page.locator(".board-table tbody td").first
        expect(cell).to_have_text("✘ fail")
        wide = page.locator(".board-scroll, .board-exercise").evaluate_all(
            "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.className)"
        )
        assert (wide, overhang(page)) == ([], 0)
        box = cell.locator("span").last.bounding_box()
        assert box is not None and box["width"] <= 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_lane_and_room(school: Schoolhouse, visit: Visit, scheme: str) -> None:
    page = opened(visit(f"{school.url}/board", scheme=scheme, size=PROJECTOR), school)
    with page.expect_popup() as opening:
        page.click("#room")
    with school.student("ana") as ana:
        school.vote("ana", FIRST, 0)
        ana("02-auth", "fail", "lets-in")
        wait_for(page, "02-auth", "1 failing")
        for one in (page, opening.value):
            for size in (PHONE, SMALL, PROJECTOR):
                one.set_viewport_size(size)  # type: ignore[arg-type]
                assert (serious(one), overhang(one)) == ([], 0)


@pytest.mark.parametrize("kind", ["drill", "crash"])
def test_drill_fills_the_room_and_names_come_back(school: Schoolhouse, visit: Visit, kind: str) -> None:
    """On the projector if it is open: grey while the server is gone, then back, with the curve; Escape ends it."""
    page = opened(visit(f"{school.url}/board"), school)
    page.on("dialog", lambda dialog: dialog.accept())
    with page.expect_popup() as opening:
        page.click("#room")
    room = opening.value
    room.set_viewport_size(PROJECTOR)  # type: ignore[arg-type]
    expect(room.locator("#state")).to_have_text("live")
    room.evaluate(
        """() => { window.greys = 0; new MutationObserver(() => {
        window.greys = Math.max(window.greys, document.querySelectorAll(".stage .gone").length);
        }).observe(document.querySelector(".stage"), { subtree: true, attributes: true, childList: true }); }"""
    )
    with school.student("ana"), school.student("ben"):
        wait_for(room, "In the room", "3 2 here, 1 away")
        page.click(f"#{kind}")
        stage = room.locator(".stage")
        expect(stage).to_be_visible()
        expect(stage.locator(".stage-count")).to_have_text("2 of 2 back", timeout=45_000)
        expect(stage.locator(".stage-names li.back")).to_have_text(["ana", "ben"])
        expect(stage.locator(".stage-words")).to_contain_text("2 of 2 back, the last after", timeout=45_000)
        assert stage.locator("path.ours").count() == stage.locator("path.without").count() == 1
        assert room.evaluate("window.greys") == 2
        assert page.locator(".stage").is_hidden()  # the instructor goes on working
        box = stage.bounding_box()
        assert box is not None and (box["width"], box["height"]) == (1920, 1080)
        room.keyboard.press("Escape")
        expect(stage).to_be_hidden()
        assert room.locator("body").inner_text().count("ana") == 0


def test_drill_without_a_room_view_is_shown_to_the_instructor(school: Schoolhouse, visit: Visit) -> None:
    """With the keyboard alone; with names hidden, numbers."""
    page = opened(visit(f"{school.url}/board"), school)
    page.on("dialog", lambda dialog: dialog.accept())
    with school.student("ana"):
        wait_for(page, "In the room", "3 2 away, 1 here")
        page.get_by_role("button", name="Hide names").click()
        page.locator("#drill").press("Enter")
        expect(page.locator(".stage-count")).to_have_text("1 of 1 back", timeout=45_000)
        expect(page.locator(".stage-names li")).to_have_text(re.compile(r"participant \d"))
        assert serious(page, ".stage") == []
        page.get_by_role("button", name="Back to the board").press("Enter")
        expect(page.locator(".stage")).to_be_hidden()

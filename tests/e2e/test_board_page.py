"""The page at `/board` in Chromium: a class as its instructor sees it, on the projector too."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from labkit.classroom.register import INSTRUCTOR, Register
from tests.e2e.axe import serious
from tests.e2e.schoolhouse import Schoolhouse
from tests.e2e.visitors import PHONE, Visit, overhang, stored

PROJECTOR = {"width": 1920, "height": 1080}
AUTH = "02-auth"
# When each event was accepted by the server, when the page heard it, and when the frame that shows it was painted.
PAINTED = """
window.painted = [];
const own = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
Object.defineProperty(WebSocket.prototype, "onmessage", { ...own, set(hear) {
  own.set.call(this, hear && ((event) => {
    const heard = performance.timeOrigin + performance.now();
    hear(event);
    const said = JSON.parse(event.data);
    if (said.type !== "exercise") return;
    requestAnimationFrame(() => setTimeout(() => {
      const now = performance.timeOrigin + performance.now();
      window.painted.push([now - Date.parse(said.sentAt), now - heard]);
    }));
  }));
} });
"""
TOO_WIDE = "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.innerText)"


@pytest.fixture
def school(tmp_path: Path) -> Iterator[Schoolhouse]:
    """A class of three."""
    with Schoolhouse(tmp_path, ["ana", "ben", "<b>eve</b>"]) as school:
        yield school


def opened(page: Page, school: Schoolhouse) -> Page:
    """Give the instructor's code, and wait until the board is live."""
    page.fill("#code", school.codes[INSTRUCTOR])
    page.press("#code", "Enter")
    expect(page.locator("#state")).to_have_text("live")
    expect(page.locator(".board-table tbody tr").first).to_be_visible()
    return page


def line(page: Page, name: str) -> Locator:
    return page.locator(".board-table tbody tr", has=page.get_by_text(name, exact=True))


def cell(page: Page, name: str, exercise: str = AUTH) -> Locator:
    heads = page.locator(".board-exercise").all_inner_texts()
    return line(page, name).locator("td").nth(heads.index(exercise))


def section(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=re.compile(f"^{title}"))


def test_the_instructors_code_opens_it_and_stays_in_memory(school: Schoolhouse, visit: Visit) -> None:
    """A student's code and a wrong one do not; neither address nor storage ever has it."""
    page = visit(f"{school.url}/board")
    for code in (school.codes["ana"], "wrong-wrong-wrong"):
        page.fill("#code", code)
        page.click("#open")
        expect(page.locator("#notice")).to_have_text("The server rejected this code.")
        expect(page.locator("#board")).to_be_hidden()
    opened(page, school)
    assert school.codes[INSTRUCTOR] not in stored(page)
    page.reload()
    expect(page.locator("#board")).to_be_hidden()
    assert page.input_value("#code") == ""


def test_what_students_do_is_seen_as_it_happens(school: Schoolhouse, visit: Visit) -> None:
    """Presence, status in a shape and a word, a raised hand, why somebody is stuck, and what fails in words."""
    page = opened(visit(f"{school.url}/board"), school)
    expect(line(page, "ana")).to_contain_text("away")
    with school.student("ana") as ana, school.student("ben") as ben:
        expect(line(page, "ana")).to_contain_text("here")
        expect(cell(page, "ana")).to_have_text("·")
        ana(AUTH, "started")
        expect(cell(page, "ana")).to_have_text("▶ started")
        for _ in range(3):
            ana(AUTH, "fail", "lets-in")
        expect(cell(page, "ana")).to_have_text("✘ fail \u00d73")
        expect(section(page, "Stuck")).to_contain_text("ana 02-auth: fails lets-in for <1 min, 3 tries")
        ben(AUTH, "fail", "lets-in")
        expect(section(page, "Failing checks")).to_contain_text(
            "2 \u00d7 A client that sends the right token in time does not get in."
        )
        ben(AUTH, "help")
        expect(section(page, "Hands up")).to_contain_text("ben 02-auth, for <1 min")
        ben(AUTH, "pass")
        expect(section(page, "Hands up")).to_contain_text("Nobody has a hand up.")
        expect(section(page, "Failing checks")).to_contain_text("1 \u00d7")
        expect(page.locator(".board-counts").first).to_have_text("1 ✔ 1 ✘")
    expect(line(page, "ana")).to_contain_text("away")


def test_who_comes_late_sees_what_was(school: Schoolhouse, visit: Visit) -> None:
    """A page opened after the fact, and one whose server was killed, show the same."""
    with school.student("ana") as ana:
        ana(AUTH, "pass")
        page = opened(visit(f"{school.url}/board"), school)
        expect(cell(page, "ana")).to_have_text("✔ pass")
        school.kill()
        expect(page.locator("#state")).to_have_text("reconnecting")
        school.start()
        ana(AUTH, "fail", "lets-in")
        expect(page.locator("#state")).to_have_text("live")
        expect(cell(page, "ana")).to_have_text("✘ fail")


def test_a_code_that_was_renewed_is_not_tried_again_and_again(school: Schoolhouse, visit: Visit) -> None:
    """A page left open with the old one would lock out whoever has the new one: wrong guesses count by name."""
    page = opened(visit(f"{school.url}/board"), school)
    assert Register(school.file, school.class_id).enrol_instructor(renew=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    school.kill()
    school.start()
    expect(page.locator("#notice")).to_have_text(re.compile("^The instructor's code was renewed"), timeout=40_000)
    page.wait_for_timeout(3000)
    assert sum(url.endswith("/class/board") for url in asked) <= 2


def test_names_and_checks_are_text(school: Schoolhouse, visit: Visit) -> None:
    """The instructor is not attacked through what students call themselves or say."""
    page = opened(visit(f"{school.url}/board"), school)
    with school.student("<b>eve</b>") as eve:
        eve("<i>x</i>", "fail", "<img src=x>")
        expect(line(page, "<b>eve</b>")).to_contain_text("here")
        expect(section(page, "Failing checks")).to_contain_text("<img src=x>")
        assert page.locator(".labkit-board img, .labkit-board i, .board-name b").count() == 0


def test_names_can_be_hidden_and_lines_ordered(school: Schoolhouse, visit: Visit) -> None:
    """For the projector; with the keyboard alone."""
    page = opened(visit(f"{school.url}/board"), school)
    with school.student("ben") as ben:
        ben(AUTH, "help")
        expect(section(page, "Hands up")).to_contain_text("ben")
        page.get_by_label("Order").focus()
        page.keyboard.press("ArrowDown")
        expect(page.locator(".board-table tbody tr").first).to_contain_text("ben")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Hide names")).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".labkit-board")).not_to_contain_text("ben")
        expect(section(page, "Hands up")).to_contain_text("participant")


def test_an_announcement_reaches_the_class(school: Schoolhouse, visit: Visit) -> None:
    """Said on the page, shown there, and heard by whoever opens it later."""
    page = opened(visit(f"{school.url}/board"), school)
    page.fill("#say-text", "coffee <b>at ten</b>")
    page.press("#say-text", "Enter")
    expect(section(page, "News")).to_contain_text("coffee <b>at ten</b>")
    assert page.input_value("#say-text") == ""
    assert page.locator("#say-text:user-invalid").count() == 0  # nobody has to say more
    expect(section(opened(visit(f"{school.url}/board"), school), "News")).to_contain_text("coffee")


def test_what_a_student_says_is_no_news(school: Schoolhouse, visit: Visit) -> None:
    """A student may write into the class's room, a chat too; nobody on the projector takes it for the instructor's."""
    page = opened(visit(f"{school.url}/board"), school)
    with school.student("ben") as ben:
        ben.chat("The exam is cancelled. Your instructor")
        ben(AUTH, "help")
        expect(section(page, "Hands up")).to_contain_text("ben")
        page.fill("#say-text", "coffee at ten")
        page.press("#say-text", "Enter")
        expect(section(page, "News")).to_contain_text("coffee at ten")
        expect(section(page, "News")).not_to_contain_text("cancelled")


def test_a_projector_shows_every_exercise_by_its_whole_name(school: Schoolhouse, visit: Visit) -> None:
    """1920 wide: no head is cut, and nothing is to be scrolled for sideways."""
    page = opened(visit(f"{school.url}/board", size=PROJECTOR), school)
    assert page.locator(".board-scroll, .board-table thead th, .board-exercise").evaluate_all(TOO_WIDE) == []


@pytest.mark.parametrize("kind", ["drill", "crash"])
def test_a_drill_is_seen_to_its_end(school: Schoolhouse, visit: Visit, kind: str) -> None:
    """Everybody comes back, the page too, and it shows when; the same class without jitter beside it."""
    page = opened(visit(f"{school.url}/board"), school)
    page.on("dialog", lambda dialog: dialog.accept())
    with school.student("ana") as ana, school.student("ben"):
        expect(line(page, "ben")).to_contain_text("here")
        page.click(f"#{kind}")
        expect(page.locator(".board-drill-words")).to_contain_text("2 of 2 back", timeout=45_000)
        expect(page.locator(".board-drill-words")).to_contain_text(
            "Without jitter, the peak would have been 2 in 100 ms."
        )
        assert page.locator(".board-drill .ours").count() >= 1
        ana(AUTH, "pass")
        expect(cell(page, "ana")).to_have_text("✔ pass")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_a_phone_needs_no_sideways_scroll(
    school: Schoolhouse, visit: Visit, scheme: str
) -> None:
    """The form, the board with every status, and a drill; projector, desk and phone."""
    page = visit(f"{school.url}/board", scheme=scheme, size=PHONE)
    assert serious(page) == []
    page.on("dialog", lambda dialog: dialog.accept())
    with school.student("ana") as ana, school.student("ben") as ben:
        opened(page, school)
        ana(AUTH, "fail", "lets-in")
        ben(AUTH, "pass")
        ben("04-validator", "help")
        expect(section(page, "Hands up")).to_contain_text("ben")
        page.click("#drill")
        expect(page.locator(".board-drill-words")).to_contain_text("2 of 2 back", timeout=45_000)
        assert overhang(page) == 0
        for size in (PHONE, {"width": 1280, "height": 860}, PROJECTOR):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            assert serious(page) == []


@pytest.mark.matrix
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_two_hundred_are_smooth(tmp_path: Path, chromium: Browser, scheme: str) -> None:
    """From the server's acceptance to the painted frame: 95 of 100 within 250 ms."""
    names = [f"participant {number:03}" for number in range(200)]
    with Schoolhouse(tmp_path, names, "big") as school, school.pupils(rate=20):
        context = chromium.new_context(color_scheme=scheme, viewport=PROJECTOR)  # type: ignore[arg-type]
        page = context.new_page()
        page.add_init_script(PAINTED)
        page.goto(f"{school.url}/board")
        opened(page, school)
        expect(page.locator(".board-table tbody tr")).to_have_count(200)
        page.wait_for_timeout(20_000)
        painted = page.evaluate("window.painted")
        assert page.locator(".board-table th").evaluate_all(TOO_WIDE) == []  # names, and who asks or is stuck
        page.screenshot(path=tmp_path / f"board-{scheme}.png")
        context.close()
    assert len(painted) > 200
    behind = sorted(of_the_server for of_the_server, _ in painted)
    drawing = sorted(of_the_page for _, of_the_page in painted)
    p95, drawing_p95 = behind[int(0.95 * len(behind))], drawing[int(0.95 * len(drawing))]
    print(f"{scheme}: {len(painted)} updates, p95 {p95:.0f} ms from accepted to painted, {drawing_p95:.0f} from heard")
    assert p95 < 250

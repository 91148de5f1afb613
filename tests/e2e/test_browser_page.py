"""The page at `/` in Chromium: two people talk, the server goes and comes, and every control does what it says."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as NotInTime

from labkit.rules.close_codes import CloseCode
from tests.e2e.axe import serious
from tests.e2e.house import House, PlainHouse
from tests.e2e.need import ROOT
from tests.e2e.visitors import PHONE, Visit, enter, overhang, say, shown, stored, texts

WEB = ROOT / "labkit" / "web"
HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
BACK_MS = 60_000  # a page that gave up on a server may wait up to 30 s and more


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A server that remembers."""
    with House(tmp_path, "--audit", str(tmp_path / "room.db")) as house:
        yield house


# Talking


def test_two_pages_talk_in_a_room(house: House, visit: Visit) -> None:
    """What one says, both show, in one order, once; and each knows its own words."""
    one, two = enter(visit(house.url)), enter(visit(house.url))
    say(one, "hello", "hello")
    say(two, "good evening")
    for page in (one, two):
        expect(shown(page, ".log .said")).to_have_count(3)
    assert sorted(texts(one)) == ["good evening", "hello", "hello"]
    assert texts(one) == texts(two)
    assert shown(one, ".log .said.mine").count() == 2
    expect(shown(two, ".log .said.mine .head")).to_contain_text("(you)")
    expect(shown(one, ".who-is-here")).to_contain_text("2 people here")


def test_rooms_hear_only_their_own(house: House, visit: Visit) -> None:
    """A word in one room is not heard in another."""
    one, two = enter(visit(house.url), room="a"), enter(visit(house.url), room="b")
    say(one, "for a")
    say(two, "for b")
    expect(shown(one, ".log .said")).to_have_count(1)
    assert (texts(one), texts(two)) == (["for a"], ["for b"])


def test_markup_is_shown_as_text(house: House, visit: Visit) -> None:
    """Nothing that a stranger wrote runs, in the room or in the log of the wire."""
    one, two = enter(visit(house.url)), enter(visit(house.url))
    two.click("#wire summary")
    say(one, HOSTILE)
    expect(shown(two, ".log .said")).to_have_count(1)
    assert texts(two) == [HOSTILE]
    expect(two.locator("#wire-log")).to_contain_text("window.hacked")
    assert two.locator("main script, main img").count() == 0
    assert two.evaluate("window.hacked") is None


def test_a_text_may_be_a_thousand_units_long_and_no_longer(house: House, visit: Visit) -> None:
    """The box stops where the server would close with 1008; blank text is not sent."""
    page = enter(visit(house.url))
    page.fill("#text", "")
    page.locator("#text").press_sequentially("\U0001f600", delay=0)
    page.evaluate("document.querySelector('#text').value = '\U0001f600'.repeat(500)")
    page.press("#text", "x")
    assert page.input_value("#text") == "\U0001f600" * 500
    page.press("#text", "Enter")
    say(page, "   ", "after")
    expect(shown(page, ".log .said")).to_have_count(2)
    assert texts(page) == ["\U0001f600" * 500, "after"]


# The server goes and comes


def test_a_restart_is_counted_down_and_loses_nothing(house: House, visit: Visit) -> None:
    """SIGTERM: 1012 in words, a countdown, what is written is kept; then all of it once, in order, on both pages."""
    one, two = enter(visit(house.url)), enter(visit(house.url))
    say(one, "before")
    expect(shown(two, ".log .said")).to_have_count(1)
    house.stop()
    expect(one.locator("#state")).to_have_text("waiting")
    expect(one.locator("#ends")).to_contain_text(str(int(CloseCode.RESTART)))
    expect(one.locator("#countdown")).to_be_visible()
    expect(one.locator("#countdown-words")).to_have_text(re.compile(r"^Next attempt in \d+\.\d s$"))
    say(one, "during 1", "during 2", "during 3")
    expect(shown(one, ".pending li")).to_have_count(3)
    expect(one.locator("#say-note")).to_contain_text("3 messages kept")
    house.start()
    for page in (one, two):
        expect(page.locator("#state")).to_have_text("open", timeout=BACK_MS)
    say(two, "after")
    for page in (one, two):
        expect(shown(page, ".log .said")).to_have_count(5)
        expect(page.locator("#countdown")).to_be_hidden()
        assert shown(page, ".note.gap").count() == 0
    assert texts(one) == texts(two)
    assert [text for text in texts(one) if text != "after"] == ["before", "during 1", "during 2", "during 3"]
    expect(shown(one, ".pending li")).to_have_count(0)
    expect(one.locator("#say-note")).to_be_empty()


def test_a_server_that_forgot_is_told_as_a_gap(tmp_path: Path, visit: Visit) -> None:
    """Without an audit file nothing is remembered: the session is new, the history gone, and the page says so."""
    with House(tmp_path) as house:
        page = enter(visit(house.url))
        say(page, "before")
        expect(shown(page, ".log .said")).to_have_count(1)
        house.stop()
        house.start()
        expect(shown(page, ".note.gap")).to_contain_text("Gap", timeout=BACK_MS)
        expect(page.locator("#ends")).to_contain_text(str(int(CloseCode.SESSION_EXPIRED)))
        say(page, "after")
        expect(shown(page, ".log .said")).to_have_count(2)


def test_a_line_that_is_cut_comes_back_by_itself(house: House, visit: Visit) -> None:
    """Cut: code 1006 in words, a countdown; then the same user again, and nothing that either said is lost."""
    one, two = enter(visit(house.url)), enter(visit(house.url))
    me = one.locator("#facts dd").first.inner_text()
    one.click("#cut")
    say(two, "did you hear that")
    say(one, "said into the dark")
    expect(one.locator("#countdown-words")).to_have_text(re.compile(r"in [34]\.\d s$"))
    expect(one.locator("#countdown-words")).to_have_text(re.compile(r"in [012]\.\d s$"))  # it counts
    expect(one.locator("#why")).to_contain_text("1006 no close frame")
    expect(shown(one, ".pending li")).to_have_count(1)
    expect(one.locator("#state")).to_have_text("open", timeout=BACK_MS)
    for page in (one, two):
        expect(shown(page, ".log .said")).to_have_count(2)
        assert texts(page) == ["did you hear that", "said into the dark"]
    assert one.locator("#facts dd").first.inner_text() == me


def test_a_frozen_server_is_given_up_and_found_again(tmp_path: Path, visit: Visit) -> None:
    """The line is open and nobody answers: the page asks, waits ten seconds, and does not wait for a close."""
    with House(tmp_path, "--set", "ping_interval_s=1", "--audit", str(tmp_path / "room.db")) as house:
        page = enter(visit(house.url))
        house.freeze()
        say(page, "into the silence")
        expect(page.locator("#latency-words")).to_contain_text("no reply for")
        expect(page.locator("#ends")).to_contain_text("1006", timeout=30_000)
        house.thaw()
        expect(page.locator("#state")).to_have_text("open", timeout=BACK_MS)
        expect(shown(page, ".pending li")).to_have_count(0)
        assert texts(page) == ["into the silence"]


# Coming in


def test_a_wrong_token_stops_and_says_why(house: House, visit: Visit) -> None:
    """4403 in words, no second try; with the right token the same form lets in."""
    page = visit(house.url)
    page.fill("#token", "wrong-token")
    page.press("#token", "Enter")
    expect(page.locator("#state")).to_have_text("stopped")
    expect(page.locator("#why")).to_contain_text("4403 auth failed")
    expect(page.locator("#why")).to_contain_text("stops here")
    expect(page.locator("#announce")).to_contain_text("stopped")
    expect(page.locator("#try-now")).to_be_hidden()
    enter(page)
    expect(page.locator("#why")).to_be_hidden()


def test_no_secret_leaves_the_memory_of_the_page(house: House, visit: Visit) -> None:
    """Not in the address, not in any storage, not in the log of the wire; a reload asks again."""
    page = visit(house.url)
    page.click("#wire summary")
    enter(page)
    expect(page.locator("#wire-log")).to_contain_text('"type":"auth","token":"***"')
    expect(page.locator("#wire-log")).to_contain_text('"resume":"***"')
    assert "dev-token" not in stored(page) + page.locator("#wire-log").inner_text()
    page.reload()
    expect(page.locator("#state")).to_have_text("not connected")
    assert page.input_value("#token") == ""


def test_a_name_and_a_code_become_a_ticket(tmp_path: Path, visit: Visit) -> None:
    """The code is wrong: told, and stopped. It is right: in, as that user, also after the server forgot the session."""
    (tmp_path / "users.csv").write_text("name,code,rooms\nadä,correct-horse,*\n", encoding="utf-8")
    with House(tmp_path, "--users", str(tmp_path / "users.csv")) as house:
        page = visit(house.url)
        page.check("input[name=with][value=code]")
        expect(page.locator("#token")).to_be_hidden()
        page.fill("#name", "adä")
        page.fill("#code", "wrong-horse")
        page.click("#connect")
        expect(page.locator("#why")).to_contain_text("rejected this name and code")
        page.fill("#code", "correct-horse")
        page.click("#connect")
        expect(page.locator("#facts")).to_contain_text("adä")
        house.stop()
        house.start()
        expect(page.locator("#state")).to_have_text("open", timeout=BACK_MS)
        expect(page.locator("#ends")).to_contain_text(str(int(CloseCode.SESSION_EXPIRED)))
        page.click("#leave-all")
        page.check("input[name=with][value=token]")
        expect(page.locator("#token")).to_be_visible()


def test_the_form_refuses_what_no_server_takes(house: House, visit: Visit) -> None:
    """A token that is too short, a room that is no room name, an address with a secret in it: nothing is opened."""
    page = visit(house.url)
    page.click("#enter-form summary")
    for field, bad in (("#token", "short"), ("#room", "a room"), ("#url", "ws://localhost/?token=secret-1")):
        good = page.input_value(field) or "dev-token"
        page.fill(field, bad)
        page.click("#connect")
        assert page.evaluate("(field) => document.querySelector(field).matches(':invalid')", field)
        expect(page.locator("#state")).to_have_text("not connected")
        page.fill(field, good)
    enter(page)


def test_a_server_of_the_plain_protocol_is_served_as_well(house: House, visit: Visit) -> None:
    """No resume, no seq, no history: chat works, rooms can be left, and an outage is told as a gap."""
    with PlainHouse() as plain:
        page = visit(house.url)
        page.click("#enter-form summary")
        page.fill("#url", plain.url)
        page.click("#use-dev")
        page.click("#connect")
        expect(shown(page, ".who-is-here")).to_contain_text("does not list its members")
        say(page, "plain")
        expect(shown(page, ".log .said")).to_have_count(1)
        page.click("#cut")
        page.click("#try-now")
        expect(shown(page, ".note.gap")).to_contain_text("Gap")
        page.fill("#join-room", "second")
        page.click("#join")
        page.click("[role=tabpanel]:visible button:has-text('Leave')")
        say(page, "still plain")
        expect(shown(page, ".log .said")).to_have_count(2)
        expect(page.locator("#facts")).to_contain_text("this server keeps none")
        expect(page.locator("#state")).to_have_text("open")
        assert page.locator("#ends").inner_text() == "1006"


# Every control


def test_rooms_are_joined_looked_at_and_left(house: House, visit: Visit) -> None:
    """Tabs by mouse and by keyboard, a count of what is unread, and a way out."""
    page, other = enter(visit(house.url)), enter(visit(house.url))
    page.fill("#join-room", "second")
    page.click("#join")
    expect(page.locator("[role=tab][aria-selected=true]")).to_have_text("second")
    say(other, "you are away")
    expect(page.locator("[role=tab] .badge").first).to_contain_text("1 unread")
    page.locator("[role=tab][aria-selected=true]").press("ArrowLeft")
    expect(page.locator("[role=tab]:focus")).to_contain_text("room:demo")
    expect(page.locator("[role=tab] .badge").first).to_be_hidden()
    assert texts(page) == ["you are away"]
    page.locator("[role=tab]", has_text="second").click()
    page.click("[role=tabpanel]:visible button:has-text('Leave')")
    expect(page.locator("[role=tab]")).to_have_count(1)
    page.click("[role=tabpanel]:visible button:has-text('Leave')")
    expect(page.locator("#text")).to_be_disabled()
    expect(other.locator(".note", has_text="left.")).to_have_count(1)
    page.fill("#join-room", "room:demo")
    page.press("#join-room", "Enter")
    say(page, "back")
    expect(shown(other, ".log .said")).to_have_count(2)


def test_a_room_that_is_not_granted_is_refused_in_words(tmp_path: Path, visit: Visit) -> None:
    """The connection stays; a room for reading only gives the text back."""
    (tmp_path / "users.csv").write_text("name,code,rooms\nada,correct-horse,mine news=r\n", encoding="utf-8")
    with House(tmp_path, "--users", str(tmp_path / "users.csv")) as house:
        page = visit(house.url)
        page.check("input[name=with][value=code]")
        page.fill("#name", "ada")
        page.fill("#code", "correct-horse")
        page.fill("#room", "mine")
        page.click("#connect")
        expect(shown(page, ".who-is-here")).to_contain_text("here")
        page.fill("#join-room", "secret")
        page.click("#join")
        expect(page.locator("#say-note")).to_contain_text("secret: your grants do not cover this room")
        page.fill("#join-room", "news")
        page.click("#join")
        expect(shown(page, ".log")).to_contain_text("read but not write here")
        say(page, "let me write")
        expect(shown(page, ".note.gap")).to_contain_text("Not sent")
        expect(shown(page, ".note.gap")).to_contain_text("let me write")


def cuts_the_wait_short(page: Page, house: House) -> bool:
    """After an outage the button lets it in; False when the page was back by itself before it could be pressed."""
    house.stop()
    expect(page.locator("#ends")).to_contain_text(re.compile("1006 . ([3-9]|[1-9][0-9])"), timeout=BACK_MS)
    house.start()
    try:
        page.click("#try-now", timeout=500)
    except NotInTime:
        expect(page.locator("#state")).to_have_text("open", timeout=BACK_MS)
        return False
    return True


def test_trying_now_and_disconnecting_do_what_they_say(house: House, visit: Visit) -> None:
    """The wait is cut short; a user who leaves stays away, and comes back with the same rooms."""
    page = enter(visit(house.url))
    assert any(cuts_the_wait_short(page, house) for _ in range(6))
    expect(page.locator("#state")).to_have_text("open", timeout=BACK_MS)
    page.click("#leave-all")
    expect(page.locator("#state")).to_have_text("stopped")
    expect(page.locator("#connect")).to_be_focused()
    expect(page.locator("#cut")).to_be_hidden()
    page.click("#connect")
    say(page, "again")
    expect(shown(page, ".log .said")).to_have_count(1)


def test_the_wire_can_be_read(house: House, visit: Visit) -> None:
    """Each message as it is; pings only on demand; cleared on demand."""
    page = enter(visit(house.url))
    page.click("#wire summary")
    expect(page.locator("#wire-log li", has_text='"type":"joined"')).to_be_visible()
    ping = page.locator("#wire-log li", has_text='"type":"pong"').first
    expect(ping).to_be_attached()
    expect(ping).to_be_hidden()
    page.check("#wire-pings")
    expect(ping).to_be_visible()
    page.uncheck("#wire-pings")
    page.click("#wire-clear")
    expect(page.locator("#wire-log li", has_text='"type":"joined"')).to_have_count(0)


def test_the_log_stays_where_a_reader_is(house: House, visit: Visit) -> None:
    """Scrolled up, news do not move the text; a button leads to the newest."""
    page = enter(visit(house.url))
    say(page, *(f"line {number}" for number in range(40)))
    expect(shown(page, ".log .said")).to_have_count(40)
    scroll = shown(page, ".scroll")
    scroll.evaluate("(box) => box.scrollTo(0, 0)")
    say(page, "unseen")
    expect(shown(page, ".newest")).to_be_visible()
    assert scroll.evaluate("(box) => box.scrollTop") == 0
    shown(page, ".newest").click()
    expect(shown(page, ".log .said").last).to_be_in_viewport()


def test_the_meters_draw_and_say_what_they_measure(house: House, visit: Visit) -> None:
    """A line on the canvas, and the same in words; with the line cut, a break."""
    page = enter(visit(house.url))
    blank = painted(page, "#latency")
    say(page, "one")
    expect(page.locator("#latency-words")).to_have_text(re.compile(r"^now .* ms · median .* ms · highest .*s$"))
    expect(page.locator("#buffer-words")).to_have_text(re.compile(r"^now \d+ B .* 0 messages \(0 B\) not confirmed$"))
    page.wait_for_function("([selector, before]) => count(selector) > before", arg=["#latency", blank])
    assert page.locator("#latency").get_attribute("aria-labelledby") == "latency-title latency-words"


def painted(page: Page, selector: str) -> int:
    """How many pixels of a canvas are not empty; leaves `count` on the page for later."""
    page.evaluate(
        """() => { globalThis.count = (selector) => {
            const canvas = document.querySelector(selector);
            const copy = new OffscreenCanvas(canvas.width, canvas.height)
                .getContext("2d", { willReadFrequently: true });
            copy.drawImage(canvas, 0, 0);
            const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
            return data.filter((value, index) => index % 4 === 3 && value > 0).length; }; }"""
    )
    return int(page.evaluate("count", selector))


def test_links_lead_on(house: House, visit: Visit) -> None:
    """A second window is a second person; the other page is one click away."""
    page = visit(house.url)
    with page.context.expect_page() as opened:
        page.click("#steps a[target=_blank]")
    expect(opened.value.locator("#state")).to_have_text("not connected")
    page.click("nav a[href='watch.html']")
    expect(page.locator("h2").first).to_have_text("Monitor the server")
    page.click("nav a[href='index.html']")
    expect(page.locator("#connect")).to_be_visible()


def test_every_control_of_the_pages_is_used_by_these_tests() -> None:
    """A control that nobody presses here would be one that nobody knows to work."""
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*_page.py"))
    html = "".join((WEB / name).read_text(encoding="utf-8") for name in ("index.html", "watch.html"))
    controls = re.findall(r'<(?:button|input|select|textarea)\b[^>]*\bid="([^"]+)"', html)
    assert len(controls) >= 20
    assert [control for control in controls if f"#{control}" not in tests] == []


# Everybody


def test_everything_can_be_done_with_the_keyboard(house: House, visit: Visit) -> None:
    """Sign in, talk, change rooms and leave without a mouse; what has the focus can be seen."""
    page = visit(house.url)
    for _ in range(4):
        page.keyboard.press("Tab")
    tab_to(page, "use-dev")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("typed")
    page.keyboard.press("Enter")
    expect(shown(page, ".log .said")).to_have_count(1)
    tab_to(page, "join-room")
    page.keyboard.type("second")
    page.keyboard.press("Enter")
    expect(page.locator("[role=tab][aria-selected=true]")).to_have_text("second")
    tab_to(page, "leave-all")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_have_text("stopped")


def tab_to(page: Page, name: str) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(40):
        if page.evaluate("document.activeElement.id") == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches #{name}")


def test_a_screen_reader_is_told_what_happens(house: House, visit: Visit) -> None:
    """Live regions for words and for the connection, landmarks, and no chatter from the countdown."""
    page = enter(visit(house.url))
    expect(page.get_by_role("log")).to_have_count(1)
    expect(page.get_by_role("main")).to_be_visible()
    expect(page.get_by_role("complementary", name="The connection")).to_be_visible()
    expect(page.get_by_role("img", name="State machine, now open")).to_be_visible()
    expect(page.locator("#announce[role=status]")).to_contain_text("open")
    page.click("#cut")
    expect(page.locator("#announce")).to_contain_text("closed with code 1006")
    expect(page.locator("#announce")).to_contain_text("open", timeout=BACK_MS)
    assert page.locator("#countdown-words").get_attribute("role") == "timer"  # not live, unlike status


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(house: House, visit: Visit, scheme: str) -> None:
    """Before, during and after: the form, the room with everything in it, the countdown, the stop."""
    page = visit(house.url, scheme=scheme)
    page.click("#enter-form summary")
    assert serious(page) == []
    enter(page)
    page.click("#wire summary")
    page.fill("#join-room", "second")
    page.click("#join")
    for name in "abcdefgh":
        page.evaluate(STRANGER, name)
    say(page, "mine")
    assert serious(page) == []
    house.stop()
    say(page, "kept")
    expect(page.locator("#countdown")).to_be_visible()
    expect(page.locator("#ends")).to_contain_text("1006", timeout=BACK_MS)
    assert serious(page) == []
    page.click("#leave-all")
    assert serious(page) == []


STRANGER = """(name) => { const said = document.createElement("li"); said.className = "said";
    said.innerHTML = `<p class="head"><b class="hue-${name.charCodeAt(0) % 8}">${name}</b></p>`;
    document.querySelector(".panel:not([hidden]) .log").append(said); }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scroll(house: House, visit: Visit, scheme: str) -> None:
    """Neither with long words, nor with many rooms, nor with the wire open."""
    page = visit(house.url, scheme=scheme, size=PHONE)
    assert overhang(page) == 0
    enter(page, room="r" * 64)
    say(page, "w" * 400)
    for number in range(6):
        page.fill("#join-room", f"{'room-number-'}{number}")
        page.click("#join")
    page.click("#wire summary")
    page.locator("[role=tab]").first.click()
    expect(shown(page, ".log .said")).to_have_count(1)
    assert overhang(page) == 0
    expect(page.locator("#mini")).to_have_text("open")
    assert serious(page) == []


def test_who_wants_no_motion_gets_none(house: House, visit: Visit) -> None:
    """No transitions, and a countdown in whole seconds."""
    page = enter(visit(house.url, motion="reduce"))
    assert page.evaluate("getComputedStyle(document.querySelector('.box rect')).transitionDuration") == "0s"
    house.stop()
    expect(page.locator("#countdown-words")).to_have_text(re.compile(r"^Next attempt in \d+ s$"), timeout=BACK_MS)


def test_the_page_obeys_a_policy_without_inline_code(house: House, visit: Visit) -> None:
    """What it needs, it gets under that policy: the style, the module, the icon."""
    page = visit(house.url)
    answer: Any = page.goto(house.url)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert page.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius") == "14px"

"""The page at `/watch` in Chromium: rooms, connections and closes, for those with the operations token."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import serious
from tests.e2e.house import OPS_TOKEN, House
from tests.e2e.visitors import PHONE, Visit, enter, overhang, say, stored

USERS = 'name,code,rooms\n"<b>eve</b>",correct-horse,*\n'


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A server with operators."""
    with House(tmp_path) as house:
        yield house


def watch(page: Page, token: str = OPS_TOKEN) -> Page:
    """Give the operations token."""
    page.fill("#bearer", token)
    page.click("#start")
    return page


def column(page: Page, number: int, table: str = "#connections") -> list[str]:
    return page.locator(f"{table} tbody tr td:nth-child({number})").all_inner_texts()


def tile(page: Page, name: str) -> str:
    return page.locator(".tile", has=page.locator("dt", has_text=re.compile(f"^{name}$"))).locator("dd").inner_text()


def test_rooms_and_connections_are_live(house: House, visit: Visit) -> None:
    """Who comes, shows; who goes, goes; rooms with their members."""
    page = watch(visit(f"{house.url}/watch"))
    expect(page.locator("#connections-note")).to_have_text("No connections right now.")
    one, two = enter(visit(house.url)), enter(visit(house.url), room="other")
    two.fill("#join-room", "room:demo")
    two.click("#join")
    expect(page.locator("#connections tbody tr")).to_have_count(2)
    expect(page.locator("#rooms tbody tr")).to_have_count(2)
    expect(page.locator("#rooms tbody tr").first).to_contain_text(re.compile(r"room:demo.*2.*2.*0"))
    assert (tile(page, "Connections"), tile(page, "Rooms")) == ("2", "2")
    say(one, *"abcdef")
    expect(page.locator(".tile", has_text="Events out").locator("dd")).to_have_text(re.compile(r"^(?!0\.0)[\d.]+ /s$"))
    expect(page.locator("#events-words")).to_have_text(re.compile(r"^now .*/s · median .* · highest .*$"))
    expect(page.locator("#held-words")).to_have_text(re.compile(r"^now 0 B .*$"))
    one.click("#leave-all")
    expect(page.locator("#connections tbody tr")).to_have_count(1)


def test_closes_are_told_as_they_happen(house: House, visit: Visit) -> None:
    """Each code with its meaning, the newest first."""
    page = watch(visit(f"{house.url}/watch"))
    expect(page.locator("#closes-note")).to_be_visible()
    guest = visit(house.url)
    guest.fill("#token", "wrong-token")
    guest.click("#connect")
    expect(page.locator("#closes li").first).to_contain_text("4403")
    expect(page.locator("#closes li").first).to_contain_text("auth failed: a rejected credential")
    enter(guest)
    guest.click("#leave-all")
    expect(page.locator("#closes li").first).to_contain_text("1000")
    expect(page.locator("#closes-note")).to_be_hidden()


def test_tables_sort_by_every_column(house: House, visit: Visit) -> None:
    """A click sorts, a second one turns it round; screen readers are told which and how."""
    for room in ("aa", "zz", "mm"):
        say(enter(visit(house.url), room=room), *room)
    page = watch(visit(f"{house.url}/watch"))
    expect(page.locator("#connections tbody tr")).to_have_count(3)
    rooms = page.locator("#connections th", has_text="Rooms")
    rooms.get_by_role("button").click()
    assert column(page, 3) == ["aa", "mm", "zz"]
    assert rooms.get_attribute("aria-sort") == "ascending"
    rooms.get_by_role("button").press("Enter")
    assert column(page, 3) == ["zz", "mm", "aa"]
    assert rooms.get_attribute("aria-sort") == "descending"
    assert page.locator("#connections th[aria-sort]").count() == 1
    for head in page.locator("th button").all():
        head.click()
    ages = page.locator("#connections th", has_text="Age")
    ages.get_by_role("button").click()
    assert column(page, 3) == ["aa", "zz", "mm"]  # the oldest first: numbers begin at the large end
    page.wait_for_timeout(1500)
    assert column(page, 3) == ["aa", "zz", "mm"]  # and the order stays when new facts come


def test_a_name_with_markup_is_shown_as_text(tmp_path: Path, visit: Visit) -> None:
    """Operators are not attacked through the names of users."""
    (tmp_path / "users.csv").write_text(USERS, encoding="utf-8")
    with House(tmp_path, "--users", str(tmp_path / "users.csv")) as house:
        guest = visit(house.url)
        guest.check("input[name=with][value=code]")
        guest.fill("#name", "<b>eve</b>")
        guest.fill("#code", "correct-horse")
        guest.click("#connect")
        page = watch(visit(f"{house.url}/watch"))
        expect(page.locator("#connections tbody td").first).to_have_text("<b>eve</b>")


def test_a_wrong_token_is_refused_in_words(house: House, visit: Visit) -> None:
    """401: said once, not asked again; and the right token opens."""
    page = visit(f"{house.url}/watch")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "connections" in request.url else None)
    watch(page, "not-the-token")
    expect(page.locator("#notice")).to_have_text("The server rejected this token. Check it and try again.")
    expect(page.locator("#bearer")).to_be_focused()
    page.wait_for_timeout(2500)
    assert len(asked) == 1
    watch(page)
    expect(page.locator("#board")).to_be_visible()
    expect(page.locator("#notice")).to_be_hidden()


def test_a_server_without_operators_says_so(tmp_path: Path, visit: Visit) -> None:
    """403: OPS_TOKEN is not set, and the page says what to do."""
    with House(tmp_path, ops_token=None) as house:
        page = watch(visit(f"{house.url}/watch"), "anything")
        expect(page.locator("#notice")).to_contain_text("OPS_TOKEN is not set")
        expect(page.locator("#notice")).to_contain_text("Restart the server with OPS_TOKEN=SECRET labkit serve")
        expect(page.locator("#board")).to_be_hidden()


def test_a_server_that_is_down_is_said_and_found_again(house: House, visit: Visit) -> None:
    """The last facts stay, with a notice; when the server is back, so are fresh ones."""
    page = watch(visit(f"{house.url}/watch"))
    expect(page.locator("#board")).to_be_visible()
    house.stop()
    expect(page.locator("#notice")).to_contain_text("does not respond")
    expect(page.locator("#board")).to_be_visible()
    house.start()
    expect(page.locator("#notice")).to_be_hidden()


def test_pause_stands_still_and_stop_forgets(house: House, visit: Visit) -> None:
    """Paused, nothing moves; stopped, the token is gone and no question is asked."""
    page = watch(visit(f"{house.url}/watch"))
    expect(page.locator("#fresh")).to_contain_text("as of")
    page.click("#pause")
    expect(page.locator("#fresh")).to_contain_text("paused at")
    assert page.locator("#pause").get_attribute("aria-pressed") == "true"
    enter(visit(house.url))
    page.wait_for_timeout(2200)
    assert page.locator("#connections tbody tr").count() == 0
    page.click("#pause")
    expect(page.locator("#connections tbody tr")).to_have_count(1)
    page.click("#stop")
    expect(page.locator("#board")).to_be_hidden()
    assert page.input_value("#bearer") == ""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2200)
    assert asked == []


def test_the_token_stays_in_memory(house: House, visit: Visit) -> None:
    """Not in the address, not in a storage, gone with a reload."""
    page = watch(visit(f"{house.url}/watch"))
    expect(page.locator("#board")).to_be_visible()
    assert OPS_TOKEN not in stored(page)
    page.reload()
    expect(page.locator("#board")).to_be_hidden()
    assert page.input_value("#bearer") == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_a_phone_needs_no_sideways_scroll(
    house: House, visit: Visit, scheme: str
) -> None:
    """The form, the board, and a notice; wide and narrow."""
    enter(visit(house.url), room="r" * 64)
    page = visit(f"{house.url}/watch", scheme=scheme, size=PHONE)
    assert serious(page) == []
    watch(page)
    expect(page.locator("#connections tbody tr")).to_have_count(1)
    assert overhang(page) == 0
    assert serious(page) == []
    page.set_viewport_size({"width": 1280, "height": 860})
    assert serious(page) == []
    house.stop()
    expect(page.locator("#notice")).to_be_visible()
    assert serious(page) == []
    assert overhang(page) == 0

"""The three pages in Chromium behind a proxy that serves them under a path: nothing is asked for beside that path."""

from pathlib import Path

from playwright.sync_api import expect

from labkit.classroom.register import INSTRUCTOR
from tests.e2e.house import OPS_TOKEN, House
from tests.e2e.prefix import Prefixed
from tests.e2e.schoolhouse import Schoolhouse
from tests.e2e.visitors import Visit, enter, say, shown


def test_people_talk_under_a_prefix(tmp_path: Path, visit: Visit) -> None:
    """With a token, with a name and a code, from either spelling of the page."""
    users = tmp_path / "users.csv"
    users.write_text("name,code,rooms\nada,correct-horse,*\n")
    with House(tmp_path, "--users", str(users)) as house, Prefixed(house.port) as proxied:
        one = enter(visit(f"{proxied.url}/"))
        two = visit(f"{proxied.url}/index.html")
        two.check("input[name=with][value=code]")
        two.fill("#name", "ada")
        two.fill("#code", "correct-horse")
        two.fill("#room", "room:demo")
        two.click("#connect")
        expect(two.locator("#state")).to_have_text("open")
        say(two, "hello")
        expect(shown(one, ".log .said")).to_have_count(1)
        assert proxied.outside == []


def test_operators_watch_under_a_prefix(tmp_path: Path, visit: Visit) -> None:
    """The page at /watch finds the connections and the metrics."""
    with House(tmp_path) as house, Prefixed(house.port) as proxied:
        enter(visit(house.url))
        page = visit(f"{proxied.url}/watch")
        page.fill("#bearer", OPS_TOKEN)
        page.click("#start")
        expect(page.locator("#connections tbody tr")).to_have_count(1)
        assert proxied.outside == []


def test_an_instructor_sees_the_board_under_a_prefix(tmp_path: Path, visit: Visit) -> None:
    """The page at /board opens with the code and is live."""
    with Schoolhouse(tmp_path, ["ana"]) as school, Prefixed(school.port) as proxied:
        page = visit(f"{proxied.url}/board")
        page.fill("#code", school.codes[INSTRUCTOR])
        page.press("#code", "Enter")
        expect(page.locator("#state")).to_have_text("live")
        assert proxied.outside == []

"""What the instructor sends stands over every notebook at once, and nobody has to ask for it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from labkit.bench.ask import ticket
from labkit.classroom.help.notes import Notes
from labkit.classroom.register import INSTRUCTOR
from labkit.wire import background
from labkit.wire.client.client import Client
from tests.e2e.axe import serious
from tests.e2e.learner import Classroom, Learner
from tests.e2e.schoolhouse import Schoolhouse
from tests.e2e.test_played_experiment import INSERT_AND_RUN

pytestmark = pytest.mark.timeout(300)
JOIN = "from labkit import classroom\nclassroom.join({url!r}, {code!r}, 'ulrike', readiness=False)"
IMPORT = "from labkit.views import Prediction\nprint('imported')"  # as each lesson does


def announce(school: Schoolhouse, text: str) -> None:
    url = f"ws://localhost:{school.port}"

    async def say() -> None:
        async with Client(url, ticket(url, INSTRUCTOR, school.codes[INSTRUCTOR])) as client:
            await (await client.join(f"class:{school.class_id}:news")).chat(text)

    background.run(say())


def articles(page: Page) -> list[str]:
    return page.locator("#labkit-news article b").all_inner_texts()


def test_announcement_and_note_stand_over_every_notebook(room: Classroom, tmp_path: Path) -> None:
    with (
        Schoolhouse(tmp_path, ["ulrike", "vito"]) as school,
        room.opened("01_hello_room.ipynb", Learner) as joined,
        room.opened("02_auth.ipynb", Learner) as other,
    ):
        pages = [joined.page, other.page]
        pages[0].evaluate(INSERT_AND_RUN, JOIN.format(url=f"ws://localhost:{school.port}", code=school.codes["ulrike"]))
        joined.text("connected")
        pages[1].evaluate(INSERT_AND_RUN, IMPORT)
        other.text("imported")
        announce(school, "We meet again <b>at ten</b>.")
        for page in pages:
            expect(page.locator("#labkit-news")).to_contain_text("We meet again <b>at ten</b>.")
            assert articles(page) == ["Your instructor, to everybody"]
        Notes(school.file).add("ulrike", "06-outbox", "note", "Count bytes, not frames.")
        Notes(school.file).add("vito", "06-outbox", "note", "not for ulrike")
        for page in pages:
            expect(page.locator("#labkit-news article")).to_have_count(2)
            assert articles(page)[1] == "Your instructor, to you: 06-outbox"
        assert serious(pages[1], "#labkit-news") == []
        pages[1].screenshot(path=tmp_path / "banner.png")
        pages[1].locator("#labkit-news button").first.click()
        for page in pages:
            expect(page.locator("#labkit-news article")).to_have_count(1)
            expect(page.locator("#labkit-news")).to_contain_text("Count bytes, not frames.")
        assert joined.errors == other.errors == []

"""A prediction in JupyterLab is a vote of the class: how many have voted, then the counts, and a second vote."""

import base64
import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from labkit.bench.ask import ask, basic
from labkit.classroom.register import INSTRUCTOR
from labkit.classroom.votes.lessons import predictions
from tests.e2e.axe import serious
from tests.e2e.learner import Classroom, Learner
from tests.e2e.schoolhouse import Schoolhouse
from tests.e2e.test_played_experiment import INSERT_AND_RUN

pytestmark = pytest.mark.timeout(300)
PREDICTION = next(iter(predictions().values()))
ASK = """
from labkit import classroom
from labkit.views import Prediction
classroom.join({url!r}, {code!r}, "ulrike", readiness=False)
guess = Prediction({text!r}, {options!r})
guess.ask()
"""


def act(school: Schoolhouse, name: str, **wish: object) -> None:
    """What a button on the instructor's board does."""
    packed = base64.b64encode(json.dumps({"question": PREDICTION.id, **wish}).encode()).decode()
    url, code = f"ws://localhost:{school.port}", basic(INSTRUCTOR, school.codes[INSTRUCTOR])
    ask(url, f"/class/votes/{name}", code, b"", more_headers={"Vote": packed})


def begin(page: Page, school: Schoolhouse) -> None:
    url, code = f"ws://localhost:{school.port}", school.codes["ulrike"]
    source = ASK.format(url=url, code=code, text=PREDICTION.text, options=list(PREDICTION.options))
    page.evaluate(INSERT_AND_RUN, source.strip())


def test_learner_votes_twice_and_sees_the_counts_when_they_are_revealed(room: Classroom, tmp_path: Path) -> None:
    with Schoolhouse(tmp_path, ["ulrike", "vito"]) as school, room.opened("01_hello_room.ipynb", Learner) as ulrike:
        page = ulrike.page
        begin(page, school)
        question, vote = page.locator(".labkit-prediction").first, page.locator(".labkit-prediction-vote").first
        expect(vote).to_have_text("0 of 2 have voted")
        question.get_by_label(PREDICTION.options[0]).check()
        expect(vote).to_have_text("1 of 2 have voted")
        school.vote("vito", PREDICTION.id, 1)
        expect(vote).to_have_text("2 of 2 have voted")
        act(school, "again")
        expect(vote).to_have_text("0 of 2 have voted in the second vote")
        assert question.locator("input:checked").count() == 0
        question.get_by_label(PREDICTION.options[0]).check()
        expect(vote).to_have_text("1 of 2 have voted in the second vote")
        act(school, "reveal", measured=1)
        expect(vote.locator("li").nth(1)).to_have_text(f"{PREDICTION.options[1]}: 1 (50 %), then 0 (0 %) ← measured")
        assert serious(page, ".labkit-prediction-vote") == []
        page.screenshot(path=tmp_path / "prediction.png")

"""The steps of the lessons, and how far each student of a running class is with them."""

import json
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote

import pytest

from labkit.classroom.lessons import lessons
from labkit.classroom.reached import Mark, Reached
from labkit.classroom.votes.lessons import predictions
from labkit.course.exercises import exercises
from tests.classroom.school import School, teaching
from tests.classroom.votes.polling import PREDICTION, post

SECRET = "a secret of twenty chars"


def test_lessons_have_every_prediction_and_exercise_once() -> None:
    steps = [step.id for lesson in lessons() for step in lesson.steps]
    assert sorted(steps) == sorted([*predictions(), *exercises()])


def test_lesson_steps_stand_in_the_notebooks_order() -> None:
    auth = next(lesson for lesson in lessons() if lesson.id == "02_auth")
    assert auth.title.startswith("02 · ")
    assert [step.kind for step in auth.steps] == [*["prediction"] * 4, "exercise"]
    assert auth.steps[0].text.startswith("The address is clean now.")


def test_reached_lower_mark_changes_nothing_and_since_gives_news(tmp_path: Path) -> None:
    reached = Reached(tmp_path / "c.db")
    assert reached.since(0) == (0, [])
    reached.note("ana", "p1", Mark.VOTED)
    reached.note("ben", "p1", Mark.ASKED)
    assert reached.since(0) == (2, [("ana", "p1", 2), ("ben", "p1", 1)])
    reached.note("ana", "p1", Mark.ASKED)
    assert reached.since(2) == (2, [])
    reached.note("ben", "p1", Mark.MEASURED)
    assert reached.since(2) == (3, [("ben", "p1", 3)])
    assert Reached(tmp_path / "c.db").since(0)[0] == 3


async def lane(school: School, after: int = 0) -> dict[str, object]:
    return dict(await school.get(f"/class/lane?{after}"))


async def test_lane_tells_how_far_students_are_and_no_option(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana", "ben") as school:
        first = await lane(school)
        assert (first["n"], first["marks"]) == (0, [])
        assert first["lessons"] == [lesson.json() for lesson in lessons()]
        await post(school, "/class/vote", "ana", question=PREDICTION.id)
        assert (await lane(school))["marks"] == [["ana", PREDICTION.id, 1]]
        await post(school, "/class/vote", "ana", question=PREDICTION.id, choice=1, secret=SECRET)
        await post(school, "/class/vote", "ana", question=PREDICTION.id, choice=1, secret=SECRET, measured=0)
        found = await lane(school, 1)
        assert found["marks"] == [["ana", PREDICTION.id, 3]]
        assert "lessons" not in found
        assert (await lane(school, int(str(found["n"]))))["marks"] == []


async def test_lane_instructors_own_question_is_no_step(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana") as school:
        await post(school, "/class/votes/ask", text="Which?", options=["one", "two"])
        await post(school, "/class/vote", "ana", question="q1", choice=1, secret=SECRET)
        assert (await lane(school))["marks"] == []


async def test_lane_refused_vote_moves_nobody(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana") as school:
        with pytest.raises(HTTPError, match="409"):
            await post(school, "/class/vote", "ana", question=PREDICTION.id, choice=99, secret=SECRET)
        assert (await lane(school))["marks"] == []


async def test_lane_is_the_instructors_alone(tmp_path: Path) -> None:
    async with teaching(tmp_path, "ana", "ben") as school:
        await post(school, "/class/vote", "ana", question=PREDICTION.id)
        with pytest.raises(HTTPError, match="403") as refused:
            await school.get("/class/lane?0", "ben")
        assert "ana" not in json.dumps(refused.value.read().decode())


@pytest.mark.parametrize("after", ["x", "-1", "٣", "9" * 40, "1;DROP TABLE log"])
async def test_lane_odd_number_gives_everything(tmp_path: Path, after: str) -> None:
    async with teaching(tmp_path, "ana") as school:
        await post(school, "/class/vote", "ana", question=PREDICTION.id)
        assert (await school.get(f"/class/lane?{quote(after)}"))["marks"] == [["ana", PREDICTION.id, 1]]

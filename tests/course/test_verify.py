"""`labkit course verify` reports each kind of fault, and none in the course."""

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from labkit.course.exercise import Check, Exercise, Misconception
from labkit.course.exercises import exercise
from labkit.course.paths import original
from labkit.course.verify import judged, links_back, listed, verify, well_made

HOME = original()
AUTH = exercise("02-auth")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the course."""
    for folder in ("solutions", "exercises", "notebooks"):
        shutil.copytree(HOME / folder, tmp_path / folder)
    return tmp_path


def test_stray_and_missing_files_are_reported(course: Path) -> None:
    """A notebook that belongs to no exercise, and one that is missing."""
    shutil.move(course / "exercises" / "02-auth.ipynb", course / "exercises" / "02-other.ipynb")
    assert [fault.partition(";")[0] for fault in listed(course)] == [
        "exercises/02-other.ipynb belongs to no exercise",
        "exercises/02-auth.ipynb is missing",
    ]


def test_edited_exercise_is_reported(course: Path) -> None:
    """An edit in exercises/ instead of solutions/ makes the file stale."""
    path = course / "exercises" / "02-auth.ipynb"
    path.write_text(path.read_text().replace("YOUR CODE HERE", "your code here"))
    assert "exercises/02-auth.ipynb is out of date; run `labkit course build`" in asyncio.run(verify(course))


def test_solved_blank_and_failing_solution_are_reported(course: Path) -> None:
    """A blank must not be solved, and a solution must pass."""
    solved = (course / "solutions" / "04-validator.ipynb").read_text()
    (course / "exercises" / "04-validator.ipynb").write_text(solved)
    (course / "solutions" / "04-validator.ipynb").write_text(solved.replace("8192", "999999"))
    faults = [fault.partition("\n")[0] for fault in asyncio.run(judged(course, [exercise("04-validator")]))]
    assert faults == ["04-validator: the blank is pass, not not started", "04-validator: the solution fails"]


def test_lesson_without_a_link_is_reported(course: Path) -> None:
    """A lesson must exist and link to its exercise."""
    path = course / "notebooks" / "02_auth.ipynb"
    notebook = json.loads(path.read_text())
    path.write_text(json.dumps(notebook).replace("../exercises/02-auth.ipynb", ""))
    assert list(links_back(course, AUTH)) == ["02_auth.ipynb has no link to ../exercises/02-auth.ipynb"]
    path.unlink()
    assert list(links_back(course, AUTH)) == ["02-auth: its lesson 02_auth.ipynb is missing"]


def changed(check: Check, **more: object) -> Exercise:
    return replace(AUTH, checks=(*AUTH.checks, replace(check, id="new", **more)))  # type: ignore[arg-type]


WITHOUT_HINT = Misconception("new", "A sentence.", "a", "", "c")
SAME_HINTS = Misconception("new", "A sentence.", "a", "a", "c")


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (replace(AUTH, checks=(*AUTH.checks, AUTH.checks[0])), "check ids must be unique"),
        (changed(AUTH.checks[0], needs=("none",)), "new needs 'none', which is not an earlier check"),
        (changed(AUTH.checks[0], usual=WITHOUT_HINT), "new needs a sentence and three different hints"),
        (changed(AUTH.checks[0], usual=SAME_HINTS), "new needs a sentence and three different hints"),
        (changed(AUTH.checks[0], usual=replace(WITHOUT_HINT, tag="stuck")), "tags of misconceptions must"),
    ],
)
def test_badly_made_exercise_is_reported(made: Exercise, fault: str) -> None:
    """Ids, needs, hints and tags."""
    assert any(fault in one for one in well_made(made))
    assert list(well_made(AUTH)) == []

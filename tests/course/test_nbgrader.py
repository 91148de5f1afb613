"""The real nbgrader takes `solutions/` as they are: the same exercises come out, and it grades what is handed in."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from labkit.course.exercises import exercise, exercises
from labkit.course.notebook import Notebook, cell_source, read_notebook
from labkit.course.paths import original
from labkit.course.source import of_file
from tests.course.answers import Known, known

pytestmark = [pytest.mark.matrix, pytest.mark.timeout(900)]  # the first of them waits for the grading of all
BIN = Path(sys.executable).parent
HOME = original()
CONFIG = "c = get_config()\nc.CourseDirectory.course_id = 'course'\nc.Execute.timeout = 150\n"  # as the README says
AT_ONCE = 2  # submissions: nbgrader takes the notebooks of one after the other, a kernel each


def nbgrader(course: Path, *arguments: str) -> None:
    """Run it in a course, as an instructor would."""
    path = os.pathsep.join([str(BIN), os.environ["PATH"]])  # it looks for alembic there
    environment = os.environ | {"LABKIT_HOME": str(course / "home"), "PATH": path}
    done = subprocess.run(
        [BIN / "nbgrader", *arguments], cwd=course, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with all our sources in one assignment, released."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "source" / "all").mkdir(parents=True)
    for path in (HOME / "solutions").glob("*.ipynb"):
        shutil.copy(path, folder / "source" / "all")
    (folder / "nbgrader_config.py").write_text(CONFIG)
    nbgrader(folder, "generate_assignment", "all", "--create")
    return folder


def parts(notebook: Notebook) -> list[tuple[str, str]]:
    """What a learner sees of each cell."""
    return [(cell["id"], cell_source(cell)) for cell in notebook["cells"]]


@pytest.mark.parametrize("name", exercises())
def test_nbgrader_makes_the_same_cells(course: Path, name: str) -> None:
    """Cell by cell, our exercises are those that nbgrader releases."""
    released = read_notebook(course / "release" / "all" / f"{name}.ipynb")
    assert parts(released) == parts(read_notebook(HOME / "exercises" / f"{name}.ipynb"))


def wrong(name: str) -> Known:
    """An answer that runs, and that a check of the exercise finds wrong."""
    checks = {check.id for check in exercise(name).checks}
    return next(answer for answer in known(name) if answer.caught_by in checks)


def right(name: str) -> str:
    """The solution."""
    return of_file(HOME / "solutions" / f"{name}.ipynb", exercise(name).answer).source


HANDED_IN: Mapping[str, Mapping[str, str]] = {
    "right": {name: right(name) for name in exercises()},
    "wrong": {name: wrong(name).source for name in exercises()},
    "blank": {},
}


class Graded(NamedTuple):
    """What nbgrader made of one notebook. `raised`: by the cell with the check."""

    score: float
    most: float
    raised: str


def grade(course: Path, who: str) -> dict[str, Graded]:
    """Hand in the released notebooks with somebody's answers, in a copy of the course, and have them graded."""
    mine = Path(shutil.copytree(course, course.with_name(f"{course.name}-{who}")))
    handed_in = mine / "submitted" / who / "all"
    shutil.copytree(mine / "release" / "all", handed_in)
    for name, answer in HANDED_IN[who].items():
        notebook = read_notebook(handed_in / f"{name}.ipynb")
        blank(notebook)["source"] = answer
        (handed_in / f"{name}.ipynb").write_text(json.dumps(notebook))
    nbgrader(mine, "autograde", "all", "--create")
    assert not (mine / "home").exists(), "grading is noted as a learner's progress"
    from nbgrader.api import Gradebook  # its imports take longer than collecting all tests

    with Gradebook(f"sqlite:///{mine / 'gradebook.db'}") as gradebook:
        scores = {one.name: (one.score, one.max_score) for one in gradebook.find_submission("all", who).notebooks}
    return {name: Graded(*scores[name], raised(mine / "autograded" / who / "all" / f"{name}.ipynb")) for name in scores}


def blank(notebook: Notebook) -> dict[str, object]:
    """The cell for the answer."""
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("solution"))


def raised(path: Path) -> str:
    """What the cell with the check raised, if anything."""
    check = next(cell for cell in read_notebook(path)["cells"] if cell["metadata"].get("nbgrader", {}).get("grade"))
    return "".join(f"{one['ename']}: {one['evalue']}" for one in check["outputs"] if one["output_type"] == "error")


@pytest.fixture(scope="module")
def graded(course: Path) -> dict[str, dict[str, Graded]]:
    """Every submission, graded."""
    with ThreadPoolExecutor(AT_ONCE) as turns:
        return dict(zip(HANDED_IN, turns.map(partial(grade, course), HANDED_IN)))


@pytest.mark.parametrize("name", exercises())
def test_nbgrader_grades_submissions_by_the_checks(graded: dict[str, dict[str, Graded]], name: str) -> None:
    """The solution gets the point, a wrong answer and a blank none, and by what the check saw."""
    assert graded["right"][name] == (1.0, 1.0, "")
    assert graded["wrong"][name][:2] == graded["blank"][name][:2] == (0.0, 1.0)
    caught_by = exercise(name).check(wrong(name).caught_by or "")
    assert graded["wrong"][name].raised.startswith(f"NotPassed: {name}: fail")
    assert f"✗ {caught_by.id}: {caught_by.expected}" in graded["wrong"][name].raised
    assert graded["blank"][name].raised.startswith(f"NotPassed: {name}: not started")

"""The real nbgrader takes `solutions/` as they are: the same exercises come out, and it grades what is handed in."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.course.exercises import exercises
from labkit.course.places import Notebook, original, read, text

pytestmark = [pytest.mark.matrix, pytest.mark.timeout(900)]
BIN = Path(sys.executable).parent
HOME = original()
GRADED = ("02-auth", "04-validator")


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
    (folder / "nbgrader_config.py").write_text("get_config().CourseDirectory.course_id = 'course'\n")
    nbgrader(folder, "generate_assignment", "all", "--create")
    return folder


def parts(notebook: Notebook) -> list[tuple[str, str]]:
    """What a learner sees of each cell."""
    return [(cell["id"], text(cell)) for cell in notebook["cells"]]


@pytest.mark.parametrize("name", exercises())
def test_nbgrader_makes_the_same_cells(course: Path, name: str) -> None:
    """Cell by cell, our exercises are those that nbgrader releases."""
    released = read(course / "release" / "all" / f"{name}.ipynb")
    assert parts(released) == parts(read(HOME / "exercises" / f"{name}.ipynb"))


def hand_in(course: Path, who: str, answers: dict[str, Path]) -> None:
    """A submission: the released notebooks, some of them answered."""
    folder = course / "submitted" / who / "all"
    shutil.copytree(course / "release" / "all", folder)
    for name, path in answers.items():
        released, solved = read(folder / f"{name}.ipynb"), read(path)
        for cell, answer in zip(released["cells"], solved["cells"]):
            cell["source"] = answer["source"]
        (folder / f"{name}.ipynb").write_text(json.dumps(released))


def test_nbgrader_grades_what_is_handed_in(course: Path) -> None:
    """One who solved two gets two points, one who left blanks or answered wrongly none, and nothing is noted."""
    solutions = {name: HOME / "solutions" / f"{name}.ipynb" for name in GRADED}
    hand_in(course, "ana", solutions)
    wrong = course / "wrong.ipynb"
    wrong.write_text((HOME / "solutions" / "04-validator.ipynb").read_text().replace("8192", "9999"))
    hand_in(course, "ben", {"04-validator": wrong})
    nbgrader(course, "autograde", "all", "--create")
    nbgrader(course, "export")
    with (course / "grades.csv").open() as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {"ana": 2.0, "ben": 0.0}
    assert not (course / "home").exists()

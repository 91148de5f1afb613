"""Ways through the course: what is on them, and how far a learner is."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from labkit.course.copying import LESSONS, files, prepare
from labkit.course.exercises import exercises
from labkit.course.learning_path import DAY, NINETY, PATHS, SELF_STUDY, STOP, lessons_on
from labkit.course.notebook import cell_source, notebook_json, read_notebook
from labkit.course.paths import original
from labkit.course.progress import Progress
from labkit.course.start_page import next_lesson, start_page

START_HERE = "notebooks/00_start_here.ipynb"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("LABKIT_HOME", raising=False)  # the records are the copy's own, not those of earlier tests
    prepare(original(), tmp_path / "mine")
    return tmp_path / "mine"


def run_cells(notebook: Path, count: int) -> None:
    """Save the notebook as if its first `count` code cells had been run; -1: all of them."""
    read = read_notebook(notebook)
    code = [cell for cell in read["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(code if count == -1 else code[:count], 1):
        cell["execution_count"] = number
    notebook.write_text(notebook_json(read), encoding="utf-8")


def state(copy: Path, name: str, path: object = NINETY) -> str:
    lessons = lessons_on(path, copy, Progress(copy=copy).records())  # type: ignore[arg-type]
    return next(lesson.state for lesson in lessons if Path(lesson.file).stem == name)


def test_paths_name_what_a_copy_contains() -> None:
    """The shortest takes 90 minutes, and the longest is everything."""
    assert sum(NINETY.minutes.values()) == 90
    assert sum(DAY.minutes.values()) <= 7.5 * 60
    assert set(SELF_STUDY.minutes) == {*LESSONS, *exercises()}
    assert {lesson.file for path in PATHS for lesson in lessons_on(path, original(), [])} <= set(files())


def test_ninety_minutes_end_early_in_long_notebooks() -> None:
    """Each notebook that leaves something out says where, and what comes next on the path."""
    names = list(NINETY.minutes)
    for name, following in pairwise(names[1:]):
        cells = read_notebook(original() / "notebooks" / f"{name}.ipynb")["cells"]
        stops = [cell_source(cell) for cell in cells if STOP in cell_source(cell)]
        assert len(stops) == 1, name
        assert f"{following}.ipynb" in stops[0], name


def test_guide_gives_the_minutes_of_the_paths() -> None:
    guide = (original() / "notebooks" / "GUIDE.md").read_text(encoding="utf-8")
    stated = {
        number: (ninety, day) for number, ninety, day in re.findall(r"^### (\w+).*?\((\S+) / (\w+|-)", guide, re.M)
    }
    for name in LESSONS:
        number = name[:2] if name[0].isdigit() else name
        assert stated[number] == (str(NINETY.minutes.get(name, "-")), str(DAY.minutes.get(name, "-"))), name


def test_readme_of_the_notebooks_gives_titles_and_minutes() -> None:
    readme = (original() / "notebooks" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\w+)\]\(\1\.ipynb\) \| (.+) \| (\d+) \|$", readme, re.M)
    lessons = [(Path(lesson.file).stem, lesson) for lesson in lessons_on(SELF_STUDY, original(), [])]
    known = {name: (lesson.title, str(lesson.minutes)) for name, lesson in lessons if name in LESSONS}
    assert {name: (title, minutes) for name, title, minutes in rows} == known
    assert [name for name, _, _ in rows] == list(LESSONS)


@pytest.mark.parametrize("name", SELF_STUDY.minutes)
def test_lesson_gives_the_minutes_of_its_path(name: str) -> None:
    """Alone, as on the start page. An exercise is read from its source, which becomes the learner's."""
    folder = "solutions" if name in exercises() else "notebooks"
    first = cell_source(read_notebook(original() / folder / f"{name}.ipynb")["cells"][0])
    assert re.findall(r"^\*About (\d+) minutes", first, re.M) == [str(SELF_STUDY.minutes[name])]


def test_notebook_is_done_with_the_last_cell_of_its_path(copy: Path) -> None:
    hello = copy / "notebooks/01_hello_room.ipynb"
    assert state(copy, hello.stem) == "new"
    run_cells(hello, 3)
    assert state(copy, hello.stem) == "begun"
    cells = read_notebook(hello)["cells"]
    at = next(number for number, cell in enumerate(cells) if STOP in cell_source(cell))
    run_cells(hello, sum(cell["cell_type"] == "code" for cell in cells[:at]))
    assert (state(copy, hello.stem), state(copy, hello.stem, DAY)) == ("done", "begun")
    run_cells(hello, -1)
    assert state(copy, hello.stem, DAY) == "done"


@pytest.mark.parametrize("content", ["", "[]", '{"cells": [1]}', '{"cells": 3}', "[" * 99_999, "\ufeffhello"])
def test_notebook_unreadable_is_new(copy: Path, content: str) -> None:
    (copy / START_HERE).write_text(content, encoding="utf-8")
    assert state(copy, "00_start_here") == "new"
    (copy / START_HERE).unlink()
    assert state(copy, "00_start_here") == "new"


def test_exercise_is_done_when_passed(copy: Path) -> None:
    progress = Progress(copy=copy)
    assert state(copy, "07-close-codes") == "new"
    progress.add("07-close-codes", "fail", "stop")
    assert state(copy, "07-close-codes") == "begun"
    progress.add("07-close-codes", "pass")
    progress.add("07-close-codes", "fail", "stop")
    assert state(copy, "07-close-codes") == "done"


def test_page_leads_to_the_next_lesson(copy: Path) -> None:
    """After the shortest path comes what it left out."""
    assert f"**Next: [00 · Start here: most screens do not need a WebSocket]({START_HERE})**" in start_page(copy, [])
    progress = Progress(copy=copy)
    for name in NINETY.minutes:
        if name in exercises():
            progress.add(name, "pass")
        else:
            run_cells(copy / "notebooks" / f"{name}.ipynb", -1)
    following = next_lesson(copy, progress.records())
    assert following is not None and following.file == "notebooks/11_one_message.ipynb"
    page = start_page(copy, progress.records())
    assert "6 of 6 done." in page
    for name in SELF_STUDY.minutes:
        progress.add(name, "pass")
        if name in LESSONS:
            run_cells(copy / "notebooks" / f"{name}.ipynb", -1)
    assert next_lesson(copy, progress.records()) is None
    assert "You have finished the course." in start_page(copy, progress.records())


def test_links_of_the_page_exist(copy: Path) -> None:
    links = [part.partition(")")[0] for part in start_page(copy, []).split("](")[1:]]
    assert len(links) > 40
    assert [link for link in links if not (copy / link).is_file()] == []


def test_saved_metadata_of_a_copy_says_nothing(copy: Path) -> None:
    """A copy starts without execution counts, whatever the published notebook has."""
    published = json.loads((original() / START_HERE).read_text(encoding="utf-8"))
    assert any(cell.get("execution_count") for cell in published["cells"])
    assert state(copy, "00_start_here") == "new"

"""The ways through the course, and how far the learner of a working copy has come on one.

    lessons = lessons_on(NINETY, copy, records)
    lessons[0].state                      # "new", "begun" or "done"

A notebook is done when the last cell that the path asks for has been run, as saved in the copy. On a path that
`stops_early`, that is the last cell above a sentence that contains STOP. An exercise is done when it has been passed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from labkit.course.exercises import exercises
from labkit.course.learner_files import has_passed
from labkit.course.notebook import cell_source, read_notebook
from labkit.course.paths import original
from labkit.course.progress import Record

STOP = "90-minute path"
State = Literal["new", "begun", "done"]


@dataclass(frozen=True, slots=True)
class LearningPath:
    """One way through the course. `minutes`: of each notebook and exercise, in order."""

    name: str
    purpose: str
    minutes: dict[str, int]
    stops_early: bool = False


@dataclass(frozen=True, slots=True)
class Lesson:
    """A notebook or an exercise on a path. `file`: relative to the copy."""

    file: str
    title: str
    minutes: int
    state: State


NINETY = LearningPath(
    "Ninety minutes",
    "what a room server must get right, and the two failures that take most of them down",
    {
        "00_start_here": 10,
        "01_hello_room": 15,
        "05_heartbeat": 20,
        "06_slow_consumers": 20,
        "07_reconnect_storms": 15,
        "07-close-codes": 10,
    },
    stops_early=True,
)
DAY = LearningPath(
    "One day",
    "every failure once, and a first exercise",
    {
        "00_start_here": 15,
        "01_hello_room": 25,
        "11_one_message": 25,
        "02_auth": 35,
        "03_rooms": 45,
        "04_validation": 40,
        "02-auth": 20,
        "05_heartbeat": 55,
        "06_slow_consumers": 55,
        "07_reconnect_storms": 50,
        "08_audit": 30,
        "09_review_your_own_server": 45,
    },
)
SELF_STUDY = LearningPath(
    "On your own",
    "everything, each exercise after its notebook",
    {
        "00_start_here": 15,
        "01_hello_room": 25,
        "11_one_message": 25,
        "02_auth": 35,
        "02-auth": 20,
        "03_rooms": 45,
        "03-rooms": 20,
        "03-history": 20,
        "04_validation": 40,
        "04-validator": 20,
        "05_heartbeat": 55,
        "05-silence": 20,
        "dashboard": 15,
        "06_slow_consumers": 55,
        "06-outbox": 25,
        "07_reconnect_storms": 50,
        "07-backoff": 20,
        "07-close-codes": 10,
        "08_audit": 30,
        "08-stored-first": 25,
        "09_review_your_own_server": 45,
        "09-find-fault-1": 25,
        "09-find-fault-2": 25,
        "10_beyond_one_process": 35,
        "10-capstone": 120,
        "use_cases": 15,
    },
)
PATHS = (NINETY, DAY, SELF_STUDY)


def lessons_on(path: LearningPath, copy: Path, records: Iterable[Record]) -> list[Lesson]:
    """Return the lessons of a path with their state in this copy. `records`: of the learner's progress."""
    records = list(records)
    return [_lesson(name, minutes, copy, records, path) for name, minutes in path.minutes.items()]


def _lesson(name: str, minutes: int, copy: Path, records: list[Record], path: LearningPath) -> Lesson:
    if (exercise := exercises().get(name)) is not None:
        tried = any(record["exercise"] == name for record in records)
        state: State = "done" if has_passed(exercise, records) else "begun" if tried else "new"
        return Lesson(f"exercises/{name}.ipynb", exercise.title, minutes, state)
    file = f"notebooks/{name}.ipynb"
    state = _state(_cells(copy / file), stops_early=path.stops_early)
    return Lesson(file, _title(_cells(original() / file)), minutes, state)


def _cells(notebook: Path) -> list[dict[str, Any]]:
    """Return the cells of a notebook; none if it is missing, or unreadable, as a learner's may be."""
    try:
        return [cell for cell in read_notebook(notebook)["cells"] if isinstance(cell, dict)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def _title(cells: list[dict[str, Any]]) -> str:
    heading = cell_source(cells[0]).splitlines()[0]
    return heading.removeprefix("# ").partition(" · ")[2] or heading.removeprefix("# ")


def _state(cells: list[dict[str, Any]], *, stops_early: bool) -> State:
    asked = list(_asked(cells, stops_early=stops_early))
    if asked and asked[-1]:
        return "done"
    return "begun" if any(asked) else "new"


def _asked(cells: list[dict[str, Any]], *, stops_early: bool) -> Iterator[bool]:
    """Yield for each code cell that the path asks for whether it has been run."""
    for cell in cells:
        if stops_early and cell.get("cell_type") == "markdown" and STOP in cell_source(cell):
            return
        if cell.get("cell_type") == "code":
            yield cell.get("execution_count") is not None

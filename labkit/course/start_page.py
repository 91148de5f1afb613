"""The page that opens first in a working copy: the ways through the course, what is done, and what comes next."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from labkit.course.learning_path import NINETY, PATHS, SELF_STUDY, LearningPath, Lesson, lessons_on
from labkit.course.progress import Record

PAGE = "START.md"
MARKS = {"new": "", "begun": "begun", "done": "done"}
HEAD = """# Your way through the course

{next}

In a notebook, run one cell after the other with Shift+Enter. Where it asks for your guess, choose first: the cell below
answers. Stuck in an exercise? Its check names what came, and gives hints. Unsure about a word? See the
[glossary](docs/glossary.md).
"""
FOOT = """
This page is as old as your last `labkit lab`; `labkit course path` in a terminal shows the present state.
"""


def start_page(copy: Path, records: Iterable[Record]) -> str:
    """Return the page as Markdown."""
    records = list(records)
    upcoming = next_lesson(copy, records)
    head = "You have finished the course." if upcoming is None else f"**Next: {_link(upcoming)}**, {_time(upcoming)}."
    parts = [HEAD.format(next=head), *(_section(path, lessons_on(path, copy, records)) for path in PATHS), FOOT]
    return "\n".join(parts)


def next_lesson(copy: Path, records: Iterable[Record]) -> Lesson | None:
    """Return the first lesson that is not done: of the shortest path, then of the whole course."""
    records = list(records)
    lessons = [*lessons_on(NINETY, copy, records), *lessons_on(SELF_STUDY, copy, records)]
    return next((lesson for lesson in lessons if lesson.state != "done"), None)


def as_text(path: LearningPath, copy: Path, records: Iterable[Record]) -> Iterator[str]:
    """Yield the lessons of a path for a terminal."""
    yield f"{path.name}: {path.purpose} ({length(path)})"
    for lesson in lessons_on(path, copy, records):
        yield f"  {MARKS[lesson.state]:<6} {_time(lesson):>10}  {Path(lesson.file).stem:<26} {lesson.title}"


def length(path: LearningPath) -> str:
    """Return how long a path takes, in minutes or hours."""
    minutes = sum(path.minutes.values())
    return f"{minutes} minutes" if minutes < 120 else f"about {round(minutes / 60)} hours"


def _section(path: LearningPath, lessons: list[Lesson]) -> str:
    done = sum(lesson.state == "done" for lesson in lessons)
    rows = [f"| {_link(lesson)} | {_time(lesson)} | {MARKS[lesson.state]} |" for lesson in lessons]
    purpose = path.purpose[0].upper() + path.purpose[1:]
    head = [f"## {path.name}", "", f"{purpose}: {length(path)}. {done} of {len(lessons)} done.", ""]
    return "\n".join([*head, "| lesson | time | |", "|:---|---:|:---|", *rows, ""])


def _link(lesson: Lesson) -> str:
    number = Path(lesson.file).stem.partition("_")[0]
    kind = "exercise " if lesson.file.startswith("exercises/") else ""
    return f"[{kind}{number} · {lesson.title}]({lesson.file})"


def _time(lesson: Lesson) -> str:
    return f"{lesson.minutes} minutes"

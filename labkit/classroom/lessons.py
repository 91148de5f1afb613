"""The lessons of the course as the board shows them: each notebook's predictions and exercises, in its order.

    lessons()[2].steps[0]       # Step("p3f...", "prediction", "The address is clean now. Is the token still in ...")

The id of a step is that of its vote or of its exercise, so the board places a student with what a class has anyway.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from labkit.classroom.votes.lessons import questions_in
from labkit.course.exercises import exercises
from labkit.course.paths import original


class Step(NamedTuple):
    """One step of a lesson: where it stands in the notebook is its place in the lesson."""

    id: str
    kind: Literal["prediction", "exercise"]
    text: str


class Lesson(NamedTuple):
    """One notebook: the stem of its file, its title, and its steps."""

    id: str
    title: str
    steps: tuple[Step, ...]

    def json(self) -> dict[str, Any]:
        """Return the lesson as JSON, for the board page."""
        return {"id": self.id, "title": self.title, "steps": [step._asdict() for step in self.steps]}


@cache
def lessons() -> tuple[Lesson, ...]:
    """Return the lessons of this labkit's notebooks that have steps, in course order."""
    paths = sorted((original() / "notebooks").glob("*.ipynb"))
    return tuple(one for path in paths if (one := _lesson(path)) is not None)


def _lesson(path: Path) -> Lesson | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        cells = [("".join(cell["source"]), cell["cell_type"]) for cell in json.loads(path.read_bytes())["cells"]]
        steps = tuple(step for _, step in sorted(_steps(path.stem, cells), key=lambda one: one[0]))
        return Lesson(path.stem, cells[0][0].splitlines()[0].lstrip("# "), steps) if steps else None
    return None


def _steps(lesson: str, cells: list[tuple[str, str]]) -> Iterator[tuple[float, Step]]:
    """Yield each step with its place: the cell of a prediction, and the last cell that links an exercise."""
    for at, (source, kind) in enumerate(cells):
        for question in questions_in(source) if kind == "code" else ():
            yield at, Step(question.id, "prediction", question.text)
    for number, one in enumerate(exercises().values()):
        if one.lesson == lesson:
            links = [at for at, (source, _) in enumerate(cells) if f"exercises/{one.id}.ipynb" in source]
            yield (links[-1] if links else len(cells)) + number / 1000, Step(one.id, "exercise", one.title)

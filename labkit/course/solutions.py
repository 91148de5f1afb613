"""Our solution of an exercise, where there is one: in a checkout, and in a class that gives it."""

from contextlib import suppress

from labkit.course import generate
from labkit.course.exercise import Exercise
from labkit.course.notebook import cell_source, read_notebook
from labkit.course.paths import solutions
from labkit.course.source import NoSource, of_file
from labkit.course.source.text import lines


def solution(asked: Exercise) -> str | None:
    """Return the source of our solution, without the marks around it; None if there is none here."""
    folder = solutions()
    if folder is None:
        return None
    try:
        whole = of_file(folder / f"{asked.id}.ipynb", asked.answer).source
    except NoSource:
        return None
    return _without_marks(whole)


def solution_cell(asked: Exercise) -> str | None:
    """Return the cell of our solution that takes the place of the blank; None if there is none here."""
    folder = solutions()
    if folder is None:
        return None
    with suppress(OSError, ValueError, KeyError):
        for cell in read_notebook(folder / f"{asked.id}.ipynb")["cells"]:
            if generate.BEGIN in cell_source(cell):
                return _without_marks(cell_source(cell))
    return None


def _without_marks(whole: str) -> str:
    return "\n".join(line for line in lines(whole) if line.strip() not in (generate.BEGIN, generate.END))

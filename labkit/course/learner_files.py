"""A learner's exercises in a working copy: reset one, fill one with our solution, and compare an answer with it."""

import difflib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from labkit.bench import working_copy
from labkit.course.exercise import Exercise
from labkit.course.notebook import Notebook, cell_source, notebook_json, read_notebook, without_outputs
from labkit.course.paths import DEFAULT, answer_of, original
from labkit.course.progress import Record
from labkit.course.source import of_file
from labkit.course.source.text import lines

SAVED = ".saved"


def reset(asked: Exercise) -> tuple[Path, Path | None]:
    """Reset an exercise. Return its notebook and the path where the old one was saved, or None if there was none.

    Raises OSError, also outside a working copy, because answers do not belong in the published exercise.
    """
    return _put(asked, without_outputs(read_notebook(original() / "exercises" / f"{asked.id}.ipynb")))


def fill(asked: Exercise, ours: str) -> tuple[Path, Path | None]:
    """Put the cell of our solution into an exercise. Return its notebook, and the old one, None if nothing was saved.

    Raises OSError, as `reset` does.
    """
    path = answer_of(asked.id)
    with suppress(OSError, ValueError, KeyError, TypeError):
        if any(lines(cell_source(cell)) == lines(ours) for cell in read_notebook(path)["cells"]):
            return path, None
    made = without_outputs(read_notebook(original() / "exercises" / f"{asked.id}.ipynb"))
    for cell in made["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = ours
    return _put(asked, made)


def _put(asked: Exercise, made: Notebook) -> tuple[Path, Path | None]:
    """Write a learner's notebook of an exercise, and save the old one."""
    path = answer_of(asked.id)
    if path.parent == original() / "exercises":
        raise OSError(
            f"there is no working copy in or around {working_copy.here()}; `labkit lab {DEFAULT}` creates one"
        )
    kept = None
    if path.exists():
        folder = path.parent / SAVED
        folder.mkdir(exist_ok=True)
        kept = folder / f"{asked.id}-{1 + _last_number(folder, asked.id)}.ipynb"
        with kept.open("xb") as file:  # a saved notebook is never overwritten
            file.write(path.read_bytes())
    path.parent.mkdir(exist_ok=True)
    path.write_text(notebook_json(made), encoding="utf-8", newline="\n")
    return path, kept


def _last_number(folder: Path, exercise_id: str) -> int:
    """Return the highest number in use. The count may be lower, because some files may have been removed."""
    numbers = [path.stem.removeprefix(f"{exercise_id}-") for path in folder.glob(f"{exercise_id}-*.ipynb")]
    return max((int(number) for number in numbers if number.isdecimal()), default=0)


def has_passed(asked: Exercise, records: Iterable[Record]) -> bool:
    """Return whether the learner has ever passed the exercise."""
    return any(record["status"] == "pass" and record["exercise"] == asked.id for record in records)


def diff(asked: Exercise, ours: str, answer: Path | None = None) -> str:
    """Return a unified diff from the learner's answer to ours, or "" if they are the same. Raises NoSource."""
    theirs = lines(of_file(answer or answer_of(asked.id), asked.answer).source)
    return "\n".join(difflib.unified_diff(theirs, lines(ours), "your answer", "our answer", lineterm="", n=3))

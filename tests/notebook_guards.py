"""What makes it impossible for a notebook to pass by accident: each guard returns the faults it found, as sentences.

nbval passes vacuously on stripped outputs, on cells it was told to skip, on cells expected to raise, and behind a
dead background task. `tests/test_notebook_guards.py` shows each guard red on a planted fault, and green on the course.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Notebook = dict[str, Any]
Guard = Callable[[Notebook], list[str]]

MOST_BYTES = 350_000
LEAST_COMPARED = 0.8
MOST_LINES = 10
FORBIDDEN_TAGS = {"nbval-skip", "raises-exception", "nbval-raises-exception", "nbval-test-listed"}
FORBIDDEN_COMMENTS = ("NBVAL_SKIP", "NBVAL_RAISES_EXCEPTION", "PYTEST_VALIDATE_IGNORE_OUTPUT")
IGNORED_TAG = "nbval-ignore-output"
IGNORED_COMMENT = "NBVAL_IGNORE_OUTPUT"
LAST = ("lab.health()", "check(")  # of a lesson, of an exercise
WIDGET = "application/vnd.jupyter.widget-view+json"


def read(path: Path) -> Notebook:
    """A notebook as it is saved."""
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def source(cell: dict[str, Any]) -> str:
    """The text of a cell."""
    return "".join(cell["source"])


def code_cells(notebook: Notebook) -> list[dict[str, Any]]:
    """The code cells that are not empty."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and source(cell).strip()]


def tags(cell: dict[str, Any]) -> set[str]:
    """The tags of a cell."""
    return set(cell["metadata"].get("tags", []))


def is_compared(cell: dict[str, Any]) -> bool:
    """Whether strict nbval compares this cell's output."""
    return IGNORED_TAG not in tags(cell) and IGNORED_COMMENT not in source(cell)


def was_run(notebook: Notebook) -> list[str]:
    """nbval compares nothing in a cell that was saved without having been run."""
    cells = code_cells(notebook)
    return [f"was never run: {source(cell)[:40]!r}" for cell in cells if cell.get("execution_count") is None]


def is_not_evasive(notebook: Notebook) -> list[str]:
    """No cell is skipped, and none may raise."""
    return [
        f"is skipped or may raise: {source(cell)[:40]!r}"
        for cell in code_cells(notebook)
        if tags(cell) & FORBIDDEN_TAGS or any(word in source(cell) for word in FORBIDDEN_COMMENTS)
    ]


def is_mostly_compared(notebook: Notebook) -> list[str]:
    """Live pictures are excused; facts are not. A cell that shows nothing is held to showing nothing."""
    cells = code_cells(notebook)
    compared = sum(is_compared(cell) and (not cell["outputs"] or any(map(text_of, cell["outputs"]))) for cell in cells)
    if compared >= LEAST_COMPARED * len(cells):
        return []
    return [f"only {compared} of {len(cells)} cells are compared"]


def ends_healthy(notebook: Notebook) -> list[str]:
    """The last cell fails on dead tasks and leaked sockets, or checks the answer; what it tells is compared."""
    cells = code_cells(notebook)
    is_last = cells and any(word in source(cells[-1]) for word in LAST)
    if is_last and is_compared(cells[-1]) and cells[-1]["outputs"]:
        return []
    return ["does not end with lab.health() or a check, compared"]


def holds_no_dead_widget(notebook: Notebook) -> list[str]:
    """A saved live widget opens as an error: a picture takes its place."""
    outputs = (output for cell in code_cells(notebook) for output in cell["outputs"])
    found = [
        f"saves a live widget: {output['data'].get('text/plain')}"
        for output in outputs
        if WIDGET in output.get("data", {})
    ]
    return found + (["saves widget state"] if "widgets" in notebook["metadata"] else [])


def shows_no_error(notebook: Notebook) -> list[str]:
    """No saved output is a traceback."""
    outputs = (output for cell in code_cells(notebook) for output in cell["outputs"])
    return [f"saves an error: {output['ename']}" for output in outputs if output["output_type"] == "error"]


def has_short_cells(notebook: Notebook) -> list[str]:
    """A cell that does not fit on a projector is two cells. A blank is one answer, and as long as it must be."""
    read = (cell for cell in code_cells(notebook) if not cell["metadata"].get("nbgrader", {}).get("solution"))
    long = (cell for cell in read if source(cell).count("\n") >= MOST_LINES)
    return [f"has a cell of over {MOST_LINES} lines: {source(cell)[:40]!r}" for cell in long]


GUARDS: tuple[Guard, ...] = (
    was_run,
    is_not_evasive,
    is_mostly_compared,
    ends_healthy,
    holds_no_dead_widget,
    shows_no_error,
    has_short_cells,
)


def compared_outputs(notebook: Notebook) -> Iterator[dict[str, Any]]:
    """Every saved output whose text strict nbval compares."""
    for cell in code_cells(notebook):
        if is_compared(cell):
            yield from (output for output in cell["outputs"] if text_of(output) is not None)


def text_of(output: dict[str, Any]) -> list[str] | str | None:
    """The text of an output, where it has one."""
    if output["output_type"] == "stream":
        return output["text"]  # type: ignore[no-any-return]
    return output.get("data", {}).get("text/plain")  # type: ignore[no-any-return]

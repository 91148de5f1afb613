"""Generate `exercises/` from `solutions/`: code between marks becomes a blank, and the check's output `not started`.

    source(notebook)     a solution as it is committed, with the metadata of nbgrader 3
    exercise(notebook)   what a learner receives: the same cells, as nbgrader would generate them

Both are deterministic. The marks are nbgrader's, `### BEGIN SOLUTION` and `### END SOLUTION`, so nbgrader reads the
solutions unchanged.
"""

import copy
import re
from collections.abc import Iterator
from typing import Any

from labkit.course.exercise import Exercise
from labkit.course.exercises import exercise as by_id
from labkit.course.judging import not_started
from labkit.course.notebook import Notebook, cell_source
from labkit.course.result import as_html

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")
POINTS = 1
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_CHECK = re.compile(r"""\bcheck\(\s*["']([^"']+)["']""")


class BadSource(ValueError):
    """An exercise cannot be built from a solution; the message says why."""


def source(notebook: Notebook, exercise_id: str) -> Notebook:
    """Return a solution with cell ids and nbgrader's metadata, identical in every run. Raises BadSource."""
    made = copy.deepcopy(notebook)
    made["metadata"] = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    made["nbformat"], made["nbformat_minor"] = 4, 5
    counted: dict[str, int] = {}
    for number, cell in enumerate(made["cells"]):
        cell["id"] = cell.get("id") or f"c{number:02}"
        cell["metadata"].pop("nbgrader", None)
        role = _role(cell)
        if role is not None:
            counted[role] = counted.get(role, 0) + 1
            suffix = "" if counted[role] == 1 else f"-{counted[role]}"
            cell["metadata"]["nbgrader"] = _nbgrader(role, f"{exercise_id}-{role}{suffix}")
    _must_be_complete(made, exercise_id)
    return made


def exercise(notebook: Notebook, exercise_id: str) -> Notebook:
    """Return the exercise that a learner receives. Raises BadSource."""
    made = source(notebook, exercise_id)
    count = 0
    for cell in made["cells"]:
        if cell["cell_type"] != "code":
            continue
        count += 1
        cell["execution_count"] = count
        role = _role(cell)
        if role == "answer":
            cell["source"] = _lines(cleared(cell_source(cell)))
            cell["outputs"] = []
        elif role == "check":
            cell["outputs"] = [_blank_output(by_id(exercise_id), count)]
        for output in cell["outputs"]:
            if "execution_count" in output:
                output["execution_count"] = count
    return made


def cleared(cell: str) -> str:
    """Return a cell's text with each solution replaced by a blank. Raises BadSource."""
    lines: list[str] = []
    is_inside = False
    for line in cell.split("\n"):
        if line.strip() in (BEGIN, END):
            if (line.strip() == BEGIN) == is_inside:
                raise BadSource(f"{line.strip()} comes before the other mark, in the cell: {cell[:60]!r}")
            is_inside = not is_inside
            if is_inside:
                indent = line[: len(line) - len(line.lstrip())]
                lines += [indent + one for one in STUB]
        elif not is_inside:
            lines.append(line)
    if is_inside:
        raise BadSource(f"{BEGIN} without {END}, in the cell: {cell[:60]!r}")
    return "\n".join(lines)


def _role(cell: dict[str, Any]) -> str | None:
    if cell["cell_type"] != "code":
        return None
    if BEGIN in cell_source(cell):
        return "answer"
    return "check" if _CHECK.search(cell_source(cell)) else None


def _nbgrader(role: str, grade_id: str) -> dict[str, Any]:
    is_check = role == "check"
    common = {"grade": is_check, "grade_id": grade_id, "locked": is_check, "schema_version": 3}
    return common | {"solution": not is_check, "task": False} | ({"points": POINTS} if is_check else {})


def _must_be_complete(notebook: Notebook, exercise_id: str) -> None:
    faults = list(faults_of(notebook, by_id(exercise_id)))
    if faults:
        raise BadSource("; ".join(faults))


def faults_of(notebook: Notebook, asked: Exercise) -> Iterator[str]:
    """Yield one sentence for each thing that is missing in a solution."""
    answers = [cell_source(cell) for cell in notebook["cells"] if _role(cell) == "answer"]
    checks = [_CHECK.findall(cell_source(cell)) for cell in notebook["cells"] if _role(cell) == "check"]
    if not answers:
        yield f"no cell has {BEGIN}"
    if checks != [[asked.id]]:
        yield f'exactly one cell must call check("{asked.id}", ...); the checks are {checks}'
    for answer in answers:
        blank = cleared(answer)
        if not re.search(r"#.*\?", blank):
            yield f"the blank has no comment with a question: {answer[:60]!r}"
    if answers and not any(f"def {asked.answer}" in cleared(one) or f"class {asked.answer}" in one for one in answers):
        yield f"no blank defines {asked.answer}"
    first = cell_source(notebook["cells"][0])
    if asked.title not in first:
        yield f"the first cell does not contain the title: {asked.title}"
    prose = "\n".join(cell_source(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    if f"../notebooks/{asked.lesson}.ipynb" not in prose:
        yield f"there is no link to ../notebooks/{asked.lesson}.ipynb"


def _blank_output(asked: Exercise, count: int) -> dict[str, Any]:
    result = not_started(asked)
    data = {"text/html": _lines(as_html(result)), "text/plain": _lines(repr(result))}
    return {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": count}


def _lines(whole: str) -> list[str]:
    return whole.splitlines(keepends=True)

"""A student's case as a notebook, for the instructor's own machine: the evidence, the cell, and the check."""

import json
import re
from typing import Any

from labkit.classroom.cases import Shown, lines

TAKE_CARE = "The next cell is a student's program. It runs on your machine when you run it, so read it first."
_UNFIT = re.compile(r"[^\w-]+")


def file_name(student: str, exercise: str) -> str:
    """Return a safe file name for a case, whatever characters the student's name has."""
    return f"{_UNFIT.sub('_', student)}-{_UNFIT.sub('_', exercise)}.ipynb"


def notebook(student: str, shown: Shown) -> str:
    """Return the notebook as JSON."""
    failed = shown.failed
    found = lines(failed)
    evidence = "\n".join(f"    {line}" for line in found[: found.index("the cell")])
    head = f"# {failed.exercise}: sent by a student\n\n    {student}, {shown.at}\n{evidence}\n\n{TAKE_CARE}"
    name = failed.name if failed.name.isidentifier() else "answer"
    check = f"from labkit import check\n\ncheck({failed.exercise!r}, {name}, seed={failed.seed})"
    cells = [_cell("markdown", head), _cell("code", failed.source), _cell("code", check)]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    whole = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 4}
    return json.dumps(whole, indent=1) + "\n"


def _cell(kind: str, source: str) -> dict[str, Any]:
    code: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source, **code}

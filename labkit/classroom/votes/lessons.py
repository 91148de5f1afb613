"""The predictions in the course's notebooks.

A student's machine sends only a key, and the class shows the text from the instructor's own copy, so that nobody can
put a text of their own on the projector.
"""

import ast
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from labkit.classroom.votes.question import MASK, Question, key_of
from labkit.course.paths import original

PREDICTION = "Prediction"


@cache
def predictions() -> Mapping[str, Question]:
    """Return the predictions in this labkit's notebooks, by key."""
    found = (one for path in sorted((original() / "notebooks").glob("*.ipynb")) for one in _of_notebook(path))
    return {one.id: one for one in found}


def _of_notebook(path: Path) -> Iterator[Question]:
    with suppress(OSError, ValueError, KeyError, TypeError):
        for cell in json.loads(path.read_bytes())["cells"]:
            if cell["cell_type"] == "code":
                yield from questions_in("".join(cell["source"]))


def questions_in(source: str) -> Iterator[Question]:
    """Yield the predictions that the source of a cell asks."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with an IPython magic
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == PREDICTION:
            with suppress(ValueError):
                text, *options = (_text(part) for part in _parts(node))
                yield Question(key_of(text, options), text, tuple(options))


def _parts(call: ast.Call) -> list[ast.expr]:
    """Return the expressions of the question and of each answer. Raises ValueError."""
    match call.args:
        case [text, ast.Dict(keys=answers)]:
            return [text, *(one for one in answers if one is not None)]
        case [text, ast.List(elts=answers) | ast.Tuple(elts=answers)]:
            return [text, *answers]
    raise ValueError("not a question with literal answers")


def _text(part: ast.expr) -> str:
    """Return a text, with a mask for each value that is known only when the cell runs. Raises ValueError."""
    if isinstance(part, ast.JoinedStr):
        return "".join(MASK if isinstance(one, ast.FormattedValue) else _text(one) for one in part.values)
    if isinstance(part, ast.Constant) and isinstance(part.value, str):
        return part.value
    raise ValueError("not a text")

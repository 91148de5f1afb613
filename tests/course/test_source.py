"""The source of an answer: from cells, a file or a notebook, never from what the kernel happens to hold."""

import json
from pathlib import Path

import pytest

from labkit.course.source import NoSource, needed, of_file, of_object


def run(source: str, name: str) -> object:
    space: dict[str, object] = {}
    exec(source, space)
    return space[name]


def test_only_what_is_needed_comes_along() -> None:
    """Helpers, imports and constants that the answer uses; nothing that it does not."""
    cells = [
        "import json\nimport os",
        "LIMIT = 3",
        "OTHER = open('/nowhere')",
        "def help(x): return json.dumps(x)[:LIMIT]",
    ]
    source = needed([*cells, "def answer(x):\n    return help(x)"], "answer")
    assert "OTHER" not in source and "import os" not in source
    assert run(source, "answer")([1, 2]) == "[1,"  # type: ignore[operator]


def test_the_last_definition_counts() -> None:
    """A cell that was run again with another text wins."""
    cells = ["def answer(): return 1", "def answer(): return 2"]
    assert run(needed(cells, "answer"), "answer")() == 2  # type: ignore[operator]


def test_a_name_made_of_itself_keeps_its_beginning() -> None:
    """`answer = wrap(answer)` needs the definition before it."""
    cells = ["def wrap(f): return lambda: f() + 1", "def answer(): return 1", "answer = wrap(answer)"]
    assert run(needed(cells, "answer"), "answer")() == 2  # type: ignore[operator]


def test_state_starts_as_it_was_written() -> None:
    """What cells have put into a dict does not come along."""
    cells = ["seen = {}", "seen['x'] = 1", "def answer(): return dict(seen)"]
    assert run(needed(cells, "answer"), "answer")() == {}  # type: ignore[operator]


def test_try_outs_are_not_run() -> None:
    """Calls, loops, `await` and `with` at the top level stay behind."""
    cells = ["def answer(): return 1", "answer()\n1 / 0", "x = await answer()", "with open('/nowhere') as f: pass"]
    assert run(needed(cells, "answer"), "answer")() == 1  # type: ignore[operator]


def test_decorators_and_defaults_come_along() -> None:
    """What a definition needs when it is made, as well as when it is called."""
    cells = ["from functools import cache", "START = 4", "@cache\ndef answer(x=START): return x"]
    assert run(needed(cells, "answer"), "answer")() == 4  # type: ignore[operator]


def test_a_star_import_comes_along() -> None:
    """Nobody knows what it binds."""
    assert run(needed(["from math import *", "def answer(): return floor(2.5)"], "answer"), "answer")() == 2  # type: ignore[operator]


def test_several_statements_on_a_line() -> None:
    """Each is taken by itself."""
    assert "b = 2" not in needed(["a = 1; b = 2", "def answer(): return a"], "answer")


def test_what_python_cannot_read_is_told_whole() -> None:
    """A cell with a syntax error that seems to define the answer goes on, so that its fault is told."""
    assert needed(["def answer(x)\n    return x"], "answer") == "def answer(x)\n    return x\n"


def test_a_notebook_without_its_magics(tmp_path: Path) -> None:
    """Lines that only IPython reads are passed over."""
    cells = [
        {"cell_type": "code", "source": ["%matplotlib inline\n", "x = 1"]},
        {"cell_type": "markdown", "source": "x"},
    ]
    cells += [{"cell_type": "code", "source": "%%bash\nls"}, {"cell_type": "code", "source": "def answer(): return x"}]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    assert run(of_file(path, "answer").source, "answer")() == 1  # type: ignore[operator]


def test_a_file_is_taken_whole(tmp_path: Path) -> None:
    """What a file does when it is loaded is a part of the answer."""
    path = tmp_path / "a.py"
    path.write_text("1 / 0\ndef answer(): pass\n")
    assert of_file(path, "answer").source == path.read_text()


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("none.py", None, "cannot read .*none.py: No such file"),
        ("odd.py", b"\xff\xfe", "is no text in UTF-8"),
        ("odd.ipynb", b"{}", "is no notebook that can be read"),
        ("long.py", b"x" * 1_000_001, "has 1000001 characters"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, body: bytes | None, told: str) -> None:
    """The message names the file and the fault."""
    if body is not None:
        (tmp_path / name).write_bytes(body)
    with pytest.raises(NoSource, match=told):
        of_file(tmp_path / name, "answer")


def an_answer(x: int) -> int:
    return x + HELP


HELP = 1


def test_an_object_outside_of_a_notebook() -> None:
    """In a script or a test, its module's file is what cells are in a notebook."""
    answer = of_object(an_answer, "answer")
    assert answer.name == "an_answer"
    assert run(answer.source, "an_answer")(1) == 2  # type: ignore[operator]


def test_an_answer_needs_a_name() -> None:
    """What has no name at the top level cannot be found in any cell."""
    with pytest.raises(NoSource, match="give the answer a name at the top level"):
        of_object(lambda x: x, "answer")

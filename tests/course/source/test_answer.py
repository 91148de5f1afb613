"""The source of an answer comes from cells, a file or a notebook, never from the state of a kernel."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.course.source import NoSource, of_file, of_object


def run(source: str, name: str) -> object:
    space: dict[str, object] = {}
    exec(source, space)
    return space[name]


def test_notebook_is_read_without_its_magics(tmp_path: Path) -> None:
    """Lines that only IPython can read are skipped."""
    cells = [
        {"cell_type": "code", "source": ["%matplotlib inline\n", "x = 1"]},
        {"cell_type": "markdown", "source": "x"},
    ]
    cells += [{"cell_type": "code", "source": "%%bash\nls"}, {"cell_type": "code", "source": "def answer(): return x"}]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    assert run(of_file(path, "answer").source, "answer")() == 1  # type: ignore[operator]


def test_file_is_used_whole(tmp_path: Path) -> None:
    """What a file does while it loads is part of the answer."""
    path = tmp_path / "a.py"
    path.write_text("1 / 0\ndef answer(): pass\n")
    assert of_file(path, "answer").source == path.read_text()


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("none.py", None, "cannot read .*none.py: No such file"),
        ("odd.py", b"\xff\xfe", "is saved as UTF-16"),
        ("odd.ipynb", b"{}", "cannot be read as a notebook"),
        ("long.py", b"x" * 1_000_001, "has 1000001 characters"),
    ],
)
def test_unreadable_file_is_named(tmp_path: Path, name: str, body: bytes | None, message: str) -> None:
    """The message names the file and the fault."""
    if body is not None:
        (tmp_path / name).write_bytes(body)
    with pytest.raises(NoSource, match=message):
        of_file(tmp_path / name, "answer")


CELL = {"cell_type": "code", "source": "def answer(): pass"}


@pytest.mark.parametrize(
    ("notebook", "message"),
    [
        ({"cells": [{**CELL, "source": {"a": 1}}]}, "cell 1 has no text"),
        ({"cells": [CELL, {**CELL, "source": [1]}]}, "cell 2 has no text"),
        ({"cells": [CELL, {"cell_type": "code"}]}, "cell 2 has no text"),
        ({"cells": [CELL, None]}, "cell 2 has no text"),
        ({"cells": {"0": CELL}}, "it has no list of cells"),
        ({}, "it has no list of cells"),
        ([], "it has no list of cells"),
        ({"nbformat": 3, "worksheets": [{"cells": [CELL]}]}, "its format 3 is of before 2015"),
    ],
)
def test_damaged_notebook_is_no_answer(notebook: object, message: str, tmp_path: Path) -> None:
    """It would be taken for one without an answer, and judged a fail."""
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook))
    with pytest.raises(NoSource, match=f"{message}; open it in Jupyter and save it again"):
        of_file(tmp_path / "a.ipynb", "answer")


def an_answer(x: int) -> int:
    return x + HELP


HELP = 1


def test_object_of_a_script_is_read_from_its_file() -> None:
    """The module's file takes the place of the cells."""
    answer = of_object(an_answer, "answer")
    assert answer.name == "an_answer"
    assert run(answer.source, "an_answer")(1) == 2  # type: ignore[operator]


def test_answer_without_a_name_is_refused() -> None:
    """It cannot be found in any cell."""
    with pytest.raises(NoSource, match="the answer has no name"):
        of_object(lambda x: x, "answer")


KERNEL = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from labkit.course.source import of_object

shell = InteractiveShell.instance()
shell.history_manager.enabled = False  # keeps the cells, and writes no file
for cells in json.load(sys.stdin):
    shell.reset(new_session=True)
    with capture_output():
        for cell in cells:
            shell.run_cell(cell, store_history=True)
    try:
        print(json.dumps(of_object(shell.user_ns["answer"], "answer").source))
    except ValueError as error:
        print(json.dumps(f"{type(error).__name__}: {error}"))
"""


def sources(*sessions: list[str]) -> list[str]:
    """Return the source that `check` would judge after each of these sessions in a kernel."""
    command = [sys.executable, "-c", KERNEL]
    done = subprocess.run(command, input=json.dumps(sessions), capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_kernel_gives_the_state_that_its_cells_built() -> None:
    """With magics, odd characters, cells that failed, and cells that ran twice or out of order."""
    get = "def answer(x): return T.get(x)"
    built = ["T = {}", "T |= {1: 2}", get]
    sessions = [
        built,
        ["%%time\nT = {}", "%%capture\nT[1] = 2", "%time T.update({3: 4})", f"# \u2028 \x0c\n%%time\n{get}", get],
        [f"%%time\n# a\u2028b\n{get}", "# a\u2028 = (\nT = {1: 2}", "print?", "x = !echo"],
        ["T = {}", "T[1] = 0", "T.updaet(1)", "nonsense((", "1 / 0", "T[1] = 2", get, get],
        [get, *built, "T = {}", "T |= {1: 2}"],
        ["%%prun\nT = {1: 2}", f"# \u2028\n{get}", "answer(1)", "answer(2)"],
        ["class answer:\n    get = {1: 2}.get\n    def __new__(cls, x): return cls.get(x)"],
    ]
    for source in sources(*sessions):
        assert run(source, "answer")(1) == 2, source  # type: ignore[operator]


def test_kernel_state_that_cannot_be_used_is_named() -> None:
    """The message is a sentence, without a verdict."""
    run_file = "exec(compile('def answer(x): return x', 'no-cell', 'exec'), globals())"
    awaited, held, hidden = sources(
        ["async def f(): return 1", "T = await f()", "def answer(x): return T"],
        ["import builtins", "get_ipython().user_ns['T'] = 1", "def answer(x): return T"],
        [run_file, "%%timeit -n 1 -r 1\ndef answer(x): return x"],
    )
    assert "the answer needs `T = await f()` (T), and the check cannot run it" in awaited
    assert "the answer needs T, but no top-level statement of a cell sets it" in held
    assert "answer" in hidden

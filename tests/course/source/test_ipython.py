"""A cell in IPython's syntax, as Python."""

import ast
import sys

import pytest

from labkit.course.source import ipython, needed

WITHOUT = "def answer(): return 1"


def first(cell: str) -> ast.stmt:
    return ast.parse(ipython.python(cell)).body[0]


@pytest.mark.parametrize(
    "cell", ["x = 1", "a = 5\nb = 7\na %b", "await f()", "x = '''\n%time\n!ls\n'''", "def f(\n    return"]
)
def test_python_is_returned_unchanged(cell: str) -> None:
    """So does what neither can read."""
    assert ipython.python(cell) == cell


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_become_those_of_python(end: str) -> None:
    """What is judged has one kind of line end."""
    assert ipython.python(f"x = 1{end}y = 2") == "x = 1\ny = 2"


@pytest.mark.parametrize(
    "cell",
    [
        "%%time\n" + WITHOUT,
        "\n%%capture out\n%%time\n" + WITHOUT,
        "%%prun -l 5\n" + WITHOUT,
        "%time answer = lambda: 1",
        "answer = %time (lambda: 1)",
        "if True:\n    %time answer = lambda: 1",
        ">>> def answer():\n...     return 1",
        "In [12]: answer = lambda: 1",
        "In [12]: one = 1\n    ...: answer = lambda: one",
        "    def answer():\n        return 1",
        "!pip list\n" + WITHOUT + "\nanswer?",
        "!ls\n# a\u2028b \x0c \x85 c\n" + WITHOUT + "\nprint?",
        "%%time\n# a\u2028b \x0c \x85 c\n%matplotlib inline\n" + WITHOUT,
    ],
)
def test_code_under_a_magic_is_found(cell: str) -> None:
    """Magics that run their body in the notebook's namespace hide nothing."""
    space: dict[str, object] = {}
    exec(needed([cell], "answer"), space)
    assert space["answer"]() == 1  # type: ignore[operator]


@pytest.mark.parametrize("written", ["%matplotlib inline", "!ls -l", "%%bash"])
def test_magic_is_shown_as_written(written: str) -> None:
    """The learner looks for that line."""
    node = first(written + ("\nls" if written.startswith("%%") else ""))
    assert isinstance(node, ast.Expr)
    found = ipython.magic(node.value)
    assert found is not None and found.written == written


def test_magics_are_read_without_ipython(monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge needs no Jupyter: lines with % or ! are removed, and a cell magic is recognized."""
    monkeypatch.setitem(sys.modules, "IPython.core.inputtransformer2", None)
    assert ipython.python("%matplotlib inline\nx = 1\n!ls\n") == "\nx = 1\n\n"
    assert WITHOUT in needed(["%%time\n" + WITHOUT], "answer")


def test_odd_characters_in_strings_survive_a_magic() -> None:
    """IPython splits lines at them; Python does not."""
    odd = ipython.NO_LINE_ENDS
    for cell in (f"!ls\ntext = '{odd}'\n", f"%%time\ntext = '{odd}'\n", f"%time text = '{odd}'"):
        space: dict[str, object] = {}
        exec(needed([cell], "text"), space)
        assert space["text"] == odd

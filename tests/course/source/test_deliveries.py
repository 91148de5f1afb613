"""Every known right answer, delivered as a file, as a notebook and in a kernel, in the ways that learners have.

What is judged is the same program each time: the judge itself need not run again to say so.
"""

import ast
import asyncio
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from labkit.course.exercises import exercise, exercises
from labkit.course.judging import judge
from labkit.course.source import needed, of_file
from tests.course.answers import Known, known, unseen
from tests.course.source.test_answer import sources

IDS = tuple(exercises())
ODD = "# a\u2028b \x0b\x0c\x1c\x85 c\n"


def right(exercise_id: str) -> list[Known]:
    return [answer for answer in [*known(exercise_id), *unseen(exercise_id)] if answer.is_right]


def statements(source: str) -> list[str]:
    """Each statement; one that may fail without harm, without what sees to that."""
    nodes = [
        node.body[0] if isinstance(node, ast.Try) and "__error__" in source else node for node in ast.parse(source).body
    ]
    return [ast.dump(node) for node in nodes]


@cache
def expected(answer: Known) -> list[str]:
    return statements(needed([answer.source], exercise(answer.exercise).answer))


def one_by_one(source: str) -> list[str]:
    """A cell for each statement."""
    return [ast.unparse(node) for node in ast.parse(source).body]


def built_up(source: str) -> list[str]:
    """Each dict, set and number at the top level is made empty, and filled in another cell."""
    cells = []
    for node in ast.parse(source).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict() as value) if None not in value.keys:
                cells += [f"{name} = {{}}", f"for k, v in {ast.unparse(value)}.items():\n    {name}[k] = v"]
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Set() as value):
                cells += [f"{name} = set()", *(f"{name}.add({ast.unparse(one)})" for one in value.elts)]
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=int() | float())):
                cells += [f"{name} = 0", f"{name} += {ast.unparse(node.value)}"]
            case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
                cells.append(ast.unparse(ast.If(ast.Constant(True), [node], [])))
            case _:
                cells.append(ast.unparse(node))
    return cells


FILES: dict[str, Callable[[str], bytes]] = {
    "mark": lambda source: source.encode("utf-8-sig"),
    "CRLF": lambda source: source.replace("\n", "\r\n").encode(),
    "CR": lambda source: source.replace("\n", "\r").encode(),
    "odd characters": lambda source: (ODD + source).encode(),
    "coding line": lambda source: ("# coding: cp1252\n# \xe9\n" + source).encode("cp1252"),
}
NOTEBOOKS: dict[str, Callable[[str], list[str]]] = {
    "statement by statement": one_by_one,
    "odd lines and commands": lambda source: ["!ls\r\n" + (ODD + source).replace("\n", "\r\n") + "\r\nprint?\r\n"],
    "magics": lambda source: ["%matplotlib inline", "%%capture out\n%%time\n" + ODD + source],
}


def notebook(path: Path, cells: list[str]) -> Path:
    found = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    path.write_text(json.dumps({"cells": found}), encoding="utf-8")
    return path


@pytest.mark.parametrize("way", FILES)
def test_file_is_read_as_python_reads_it(way: str, tmp_path: Path) -> None:
    """The same statements, and a line counts as one."""
    path = tmp_path / "answer.py"
    for answer in (one for name in IDS for one in right(name) if way != "coding line" or one.source.isascii()):
        path.write_bytes(FILES[way](answer.source))
        assert statements(of_file(path, exercise(answer.exercise).answer).source) == statements(answer.source)


@pytest.mark.parametrize("way", NOTEBOOKS)
def test_notebook_gives_the_same_source_as_a_file(way: str, tmp_path: Path) -> None:
    """Whatever stands around the answer, its own statements are found."""
    for answer in (one for name in IDS for one in known(name) if one.is_right):
        name = exercise(answer.exercise).answer
        given = of_file(notebook(tmp_path / "answer.ipynb", NOTEBOOKS[way](answer.source)), name).source
        assert statements(given) == expected(answer), answer.name


def test_kernel_gives_the_same_source_as_a_file() -> None:
    """Run as one odd cell in a kernel, in which a broken attempt came before."""
    answers = [answer for name in IDS for answer in right(name)[:2]]
    names = [exercise(answer.exercise).answer for answer in answers]
    sessions = [["1 / 0", f"{ODD}{answer.source}\nanswer = {name}"] for answer, name in zip(answers, names)]
    for answer, given in zip(answers, sources(*sessions)):
        assert statements(given)[:-1] == expected(answer), answer.name


@pytest.mark.matrix
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", IDS)
def test_answer_built_up_in_cells_passes(name: str, tmp_path: Path) -> None:
    """Its tables filled by loops, its numbers counted up, its definitions under an `if`."""

    async def judged() -> list[str]:
        asked = exercise(name)
        verdicts = []
        for answer in right(name):
            path = notebook(tmp_path / "answer.ipynb", built_up(answer.source))
            result = await judge(asked, of_file(path, asked.answer).source)
            verdicts.append(f"{answer.name}: {result.verdict}")
        return verdicts

    assert [one for one in asyncio.run(judged()) if not one.endswith(": pass")] == []

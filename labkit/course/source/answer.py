"""Find the source of an answer in what a learner hands in: an object in a kernel or script, a file, or a notebook."""

import __future__

import ast
import inspect
import json
import linecache
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

from labkit.course.source import text
from labkit.course.source.slicing import needed
from labkit.course.source.text import NoSource

SAVE_AGAIN = "open it in Jupyter and save it again"


class Answer(NamedTuple):
    """A program, and the name that the answer has in it."""

    source: str
    name: str


def of_object(answer: Any, usual: str) -> Answer:
    """Return the source of an object passed to `check`. `usual`: its name in the exercise. Raises NoSource."""
    space, texts = _session(answer)
    name = _name_of(answer, space, usual)
    source = needed(texts, name, space)
    if not _has_code_of(source, answer):
        raise NoSource(
            f"the kernel's {name} differs from the one that the cells define; put the code that defines it into "
            "a cell of its own, without magics, and run that cell"
        )
    return Answer(source, name)


def of_file(path: Path, name: str) -> Answer:
    """Return the source in a file, or in the cells of a notebook. Raises NoSource."""
    if path.suffix.lower() == ".ipynb":
        return Answer(needed(cells(text.read(path, is_python=False), path), name), name)
    return Answer(text.read(path), name)


def cells(notebook: str, path: Path) -> list[str]:
    """Return the sources of a notebook's code cells. Raises NoSource."""
    try:
        whole = json.loads(notebook)
    except (ValueError, RecursionError):
        raise NoSource(f"{path} cannot be read as a notebook: it is no JSON; {SAVE_AGAIN}") from None
    if not isinstance(whole, dict) or not isinstance(whole.get("cells"), list):
        is_old = isinstance(whole, dict) and "worksheets" in whole
        fault = "its format 3 is of before 2015" if is_old else "it has no list of cells"
        raise NoSource(f"{path} cannot be read as a notebook: {fault}; {SAVE_AGAIN}")
    return [_cell(number, cell, path) for number, cell in enumerate(whole["cells"], 1) if _is_code(cell)]


def _is_code(cell: object) -> bool:
    return not isinstance(cell, dict) or cell.get("cell_type") not in ("markdown", "raw")


def _cell(number: int, cell: object, path: Path) -> str:
    source = cell.get("source") if isinstance(cell, dict) and cell.get("cell_type") == "code" else None
    parts = [source] if isinstance(source, str) else source
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise NoSource(f"{path} cannot be read as a notebook: cell {number} has no text; {SAVE_AGAIN}")
    return "".join(parts)


# What a kernel holds


def _session(answer: Any) -> tuple[dict[str, Any], list[str]]:
    """Return the answer's namespace, and the source texts that created it: the cells so far, or a file."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        return shell.user_ns, [cell for cell in shell.user_ns.get("In", []) if cell] or _compiled_with(answer)
    module = sys.modules.get(getattr(answer, "__module__", ""))
    path = getattr(module, "__file__", None)
    if path is None:
        raise NoSource("the answer's source cannot be found; put it in a file, and use `labkit check ID --answer FILE`")
    return vars(module), [text.read(Path(path))]


def _compiled_with(answer: Any) -> list[str]:
    """Return the cells that were compiled like the answer's, for a kernel without a history, such as nbval's."""
    parts = [answer, *vars(answer).values()] if isinstance(answer, type) else [answer]
    files = [part.__code__.co_filename for part in parts if hasattr(part, "__code__")]
    folders = {os.path.dirname(file) for file in files}
    texts = [file for file in list(linecache.cache) if os.path.dirname(file) in folders]
    return ["".join(linecache.getlines(file)) for file in texts]


def _name_of(answer: Any, space: dict[str, Any], usual: str) -> str:
    names = [usual, *(name for name in space if not name.startswith("_"))]
    found = next((name for name in names if name in space and space[name] is answer), None)
    if found is None:
        raise NoSource(f"the answer has no name; define it at the top level of a cell, such as {usual}, and pass that")
    return found


def _has_code_of(source: str, answer: Any) -> bool:
    """Return whether the source contains the code of exactly this object; True if that cannot be determined.

    The code itself is compared, because IPython and Python count a cell's lines differently.
    """
    files = {file for file in linecache.cache if not os.path.exists(file)}  # cells
    made_of = [code for code in _codes_of(answer) if code.co_filename in files]
    try:
        known = {_shape(code) for code in _compiled(source)}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True  # the answer's process reports that
    return all(_shape(code) in known for code in made_of)


def _compiled(source: str) -> Iterator[CodeType]:
    """Compile each statement by itself, as IPython does, with and without `__future__` imports, and yield its code."""
    tree = ast.parse(source)
    futures = [name.name for node in tree.body if isinstance(node, ast.ImportFrom) for name in node.names]
    features = [getattr(__future__, name) for name in futures if name in __future__.all_feature_names]
    for flags in {0, sum(feature.compiler_flag for feature in features)}:
        for node in tree.body:
            yield from _within(compile(ast.Module([node], []), "", "exec", flags, dont_inherit=True))


def _codes_of(answer: Any) -> list[CodeType]:
    parts = vars(answer).values() if isinstance(answer, type) else [answer]
    found = (getattr(inspect.unwrap(part), "__code__", None) for part in parts if callable(part))
    return [code for code in found if isinstance(code, CodeType)]


def _within(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _within(constant)


def _shape(code: CodeType) -> tuple[Any, ...]:
    """Return what a code object does, without its location in the file."""
    constants = tuple(_shape(one) if isinstance(one, CodeType) else repr(one) for one in code.co_consts)
    return code.co_name, code.co_code, code.co_names, code.co_varnames, constants

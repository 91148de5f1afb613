"""The source of an answer: what a cell, a file or a notebook defines, as one program that runs by itself.

An answer goes to its process as source, never as a pickled object: what is judged is what the notebook says. So state
that cells have left in the kernel does not come along (a `rooms = {}` starts empty, as after Restart), and a helper
whose cell was deleted is missing there as it would be tomorrow. From cells come the definitions and assignments at the
top level that the answer needs, the last of each name, in their order; other lines are not run, and a name that is
bound in any other way (by a loop, a `with`, an `await`, a magic) does not come along. A file is taken whole.
"""

import ast
import inspect
import json
import linecache
import os
import symtable
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

BINDERS = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom),
    *(ast.Assign, ast.AnnAssign, ast.AugAssign),
)
MOST_BYTES = 1_000_000


class NoSource(ValueError):
    """There is no answer to be had; the message says what to do."""


class Answer(NamedTuple):
    """A program, and the name in it that is the answer."""

    source: str
    name: str


def of_object(answer: Any, usual: str) -> Answer:
    """The source of what a cell gives to `check`; `usual` is the name that the exercise asks for. Raises NoSource."""
    space, texts = _session(answer)
    name = _name_of(answer, space, usual)
    source = needed(texts, name)
    if not _is_told(source, answer):
        raise NoSource(f"the kernel's {name} is not the one that the cells define; run its cell again")
    return Answer(source, name)


def of_file(path: Path, name: str) -> Answer:
    """The source in a file, or in the cells of a notebook. Raises NoSource."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise NoSource(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NoSource(f"{path} is no text in UTF-8") from None
    if len(text) > MOST_BYTES:
        raise NoSource(f"{path} has {len(text)} characters; an answer is small")
    return Answer(needed(cells(text, path), name), name) if path.suffix == ".ipynb" else Answer(text, name)


def cells(text: str, path: Path) -> list[str]:
    """The code cells of a notebook, without magics. Raises NoSource."""
    try:
        found = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
        sources = ["".join(cell["source"]) for cell in found]
    except (ValueError, KeyError, TypeError):
        raise NoSource(f"{path} is no notebook that can be read") from None
    plain = ("\n".join("" if line[:1] in "%!" else line for line in source.split("\n")) for source in sources)
    return [one for one, source in zip(plain, sources) if not source.startswith("%%")]


class _Part(NamedTuple):
    """One statement at the top level: its place, its text, what it binds and what it uses of the top level."""

    number: int
    text: str
    binds: frozenset[str]
    uses: frozenset[str]


def needed(texts: Iterable[str], name: str) -> str:
    """What the texts define at their top level, as far as `name` needs it.

    A text that Python cannot read is given whole, when it seems to define the name: its fault is to be told.
    """
    parts: list[_Part] = []
    for text in texts:
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            if f"def {name}(" in text:
                parts = [part for part in parts if name not in part.binds]
                parts.append(_Part(len(parts), text, frozenset({name}), frozenset()))
            continue
        parts += _parts(text, tree, len(parts))
    wanted = _wanted(parts, name)
    return "\n\n\n".join(part.text for part in parts if part in wanted) + "\n"


def _wanted(parts: list[_Part], name: str) -> set[_Part]:
    wanted: set[_Part] = {part for part in parts if "*" in part.binds}
    todo = [(name, len(parts) + 1)] + [(one, len(parts) + 1) for part in wanted for one in part.uses]
    while todo:
        one, before = todo.pop()
        bound = [part for part in parts if one in part.binds and part.number < before]
        if bound and bound[-1] not in wanted:
            part = bound[-1]
            wanted.add(part)
            todo += [(use, part.number if use in part.binds else len(parts) + 1) for use in part.uses]
    return wanted


def _parts(text: str, tree: ast.Module, number: int) -> Iterator[_Part]:
    for node in tree.body:
        if isinstance(node, BINDERS) and not any(isinstance(one, ast.Await) for one in _outside_functions(node)):
            part = _text(text, node)
            number += 1
            yield _Part(number, part, frozenset(_binds(node)), frozenset(_uses(symtable.symtable(part, "", "exec"))))


def _text(text: str, node: ast.stmt) -> str:
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
    lines = text.splitlines()[first - 1 : node.end_lineno]
    if len(lines) == 1 and not getattr(node, "decorator_list", []):  # several statements may share a line
        return ast.get_source_segment(text, node) or lines[0]
    return "\n".join(lines)


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            yield from _outside_functions(child)


def _binds(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            yield alias.asname or (alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name)
    else:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]  # type: ignore[attr-defined]
        for target in targets:
            yield from (
                one.id for one in ast.walk(target) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
            )


def _uses(table: symtable.SymbolTable) -> Iterator[str]:
    is_top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (is_top or symbol.is_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _uses(child)


# What a kernel holds


def _session(answer: Any) -> tuple[dict[str, Any], list[str]]:
    """The namespace that the answer is in, and the texts that made it: a notebook's cells so far, or a file."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        return shell.user_ns, [text for text in shell.user_ns.get("In", []) if text] or _compiled_with(answer)
    module = sys.modules.get(getattr(answer, "__module__", ""))
    path = getattr(module, "__file__", None)
    if path is None:
        raise NoSource("the answer has no source here; put it into a file, and use `labkit check ID --answer FILE`")
    return vars(module), [Path(path).read_text(encoding="utf-8")]


def _compiled_with(answer: Any) -> list[str]:
    """The cells that were compiled like the answer's, for a kernel that was told to keep no history (nbval does)."""
    parts = [answer, *vars(answer).values()] if isinstance(answer, type) else [answer]
    files = [part.__code__.co_filename for part in parts if hasattr(part, "__code__")]
    folders = {os.path.dirname(file) for file in files}
    texts = [file for file in list(linecache.cache) if os.path.dirname(file) in folders]
    return ["".join(linecache.getlines(file)) for file in texts]


def _name_of(answer: Any, space: dict[str, Any], usual: str) -> str:
    names = [usual, *(name for name in space if not name.startswith("_"))]
    found = next((name for name in names if name in space and space[name] is answer), None)
    if found is None:
        raise NoSource(f"give the answer a name at the top level of a cell, such as {usual}, and pass that")
    return found


def _is_told(source: str, answer: Any) -> bool:
    """Whether the source holds the statement that this very object was made by."""
    try:
        made_by = {ast.dump(one) for one in ast.parse(inspect.getsource(answer)).body}
        told = {ast.dump(one) for one in ast.parse(source).body}
    except (OSError, TypeError, SyntaxError):
        return True  # its text cannot be found: it runs or fails in its process
    return made_by <= told

"""Translate IPython's syntax in a cell (magics, `!command`, `print?`) to Python, as IPython does.

A kernel's history has calls such as `get_ipython().run_cell_magic("time", "", BODY)`, so these are recognized too.
"""

import ast
import copy
import re
import warnings
from typing import NamedTuple

from labkit.course.source.text import lines, unified

RUN_THE_BODY = ("time", "capture", "prun")  # magics that run their text in the notebook's own namespace
BIND_NAMES = ("run", "store", "pylab", "paste", "cpaste", "edit", "macro")  # without showing it in the notebook
NEEDED = "get_ipython"
_WRITTEN = {"run_line_magic": "%", "run_cell_magic": "%%", "system": "!", "getoutput": "!"}
NO_LINE_ENDS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_PROMPT = re.compile(r"In \[\d+\]: ")  # which Python reads as an annotation, and IPython removes
UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


class Magic(NamedTuple):
    """One use of IPython syntax: its text, the magic's name ("" for a command), its line, and the cell's body."""

    written: str
    name: str
    line: str
    body: str | None


def python(cell: str) -> str:
    """Return a cell as Python. A cell that even IPython cannot parse is returned unchanged."""
    cell = unified(cell)
    if _is_python(cell) and not _PROMPT.match(cell):
        return cell
    try:
        from IPython.core.inputtransformer2 import (
            TransformerManager,
        )  # takes 0.2 s, and only the extra `lab` installs it
    except ImportError:
        return _without_ipython(cell)
    stand_in = _stand_ins(cell)
    try:
        with warnings.catch_warnings(action="ignore"):
            made = TransformerManager().transform_cell(cell.translate(stand_in))  # type: ignore[no-untyped-call]
    except UNREADABLE:
        return cell
    made = made.translate({ord(letter): code for code, letter in stand_in.items()})
    return made if _is_python(made) else cell


def _stand_ins(cell: str) -> dict[int, str]:
    """Map each character at which only IPython splits lines to a letter that the cell does not contain."""
    letters = (letter for letter in map(chr, range(0x4E00, 0x9FFF)) if letter not in cell)
    return {ord(odd): next(letters) for odd in NO_LINE_ENDS}


def _is_python(cell: str) -> bool:
    try:
        ast.parse(cell)
    except UNREADABLE:
        return False
    return True


def _without_ipython(cell: str) -> str:
    """Translate without IPython: convert a cell magic, and drop lines that begin with % or !."""
    head, _, body = cell.lstrip("\n").partition("\n")
    if head.startswith("%%"):
        name, _, line = head[2:].partition(" ")
        return f"{NEEDED}().run_cell_magic({name!r}, {line!r}, {body!r})"
    return "\n".join("" if line[:1] in ("%", "!") else line for line in lines(_PROMPT.sub("", cell)))


def magic(node: ast.AST) -> Magic | None:
    """Return the IPython syntax that an expression stands for, or None."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=kind), args=arguments
        ) if kind in _WRITTEN:
            words = [one.value if isinstance(one, ast.Constant) else "" for one in arguments]
            texts = [word for word in words if isinstance(word, str)]
            if kind in ("system", "getoutput"):
                return Magic(f"!{''.join(texts)}", "", "".join(texts), None)
            name, line, body = [*texts, "", "", ""][:3]
            body_of = body if kind == "run_cell_magic" else None
            return Magic(f"{_WRITTEN[kind]}{name} {line}".rstrip(), name, line, body_of)
    return None


def first_magic(node: ast.AST) -> Magic | None:
    """Return the first use of IPython syntax in a statement."""
    return next((found for one in ast.walk(node) if (found := magic(one)) is not None), None)


def as_python(found: Magic) -> str | None:
    """Return Python that sets what %env or %cd set, or None for another magic and for values that IPython expands."""
    line = found.line.strip()
    name, mark, value = line.partition("=" if "=" in line else " ")
    if found.name in ("env", "set_env") and mark and not set("${") & set(line):
        return f"__import__('os').environ[{name.strip()!r}] = {value.strip()!r}"
    folder = line.removeprefix("-q").strip().strip("'\"")
    if found.name == "cd" and folder[:1] not in ("", "-") and not set("${") & set(line):
        return f"__import__('os').chdir(__import__('os').path.expanduser({folder!r}))"
    return None


def unfolded(node: ast.stmt) -> str | None:
    """Return the Python that a statement runs through %time, %%capture, %env and the like, or None."""
    found = magic(node.value) if isinstance(node, ast.Expr) else None
    if found is not None and (made := as_python(found)) is not None:
        return made
    if found is not None and found.name in RUN_THE_BODY and found.body is not None:
        return python(found.body)
    if first_magic(node) is None:
        return None
    unfolding = _Unfolding()
    made = unfolding.visit(ast.Module([copy.deepcopy(node)], []))
    return ast.unparse(made) if unfolding.is_changed else None


class _Unfolding(ast.NodeTransformer):
    """Replaces %time with the code that it runs, except in functions, where it does not bind the function's names."""

    is_changed = False

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        inner = _timed(node.value)
        if not inner:
            return self.generic_visit(node)
        self.is_changed = True
        return inner

    def visit_Call(self, node: ast.Call) -> ast.AST:
        inner = _timed(node)
        if len(inner) != 1 or not isinstance(inner[0], ast.Expr):
            return self.generic_visit(node)
        self.is_changed = True
        return inner[0].value

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return node


def _timed(node: ast.expr) -> list[ast.stmt]:
    """Return the statements that %time runs, or none for anything else."""
    found = magic(node)
    if found is None or found.name != "time" or found.body is not None:
        return []
    try:
        return ast.parse(python(found.line)).body
    except UNREADABLE:
        return []


def measured(found: Magic) -> list[ast.stmt]:
    """Return the statements that %timeit, %%timeit or %prun run, or none for another magic."""
    if found.name not in ("timeit", "prun"):
        return []
    try:
        return ast.parse(re.sub(r"^(\s*-\w+(\s+\d+)?)*\s*", "", found.line) + "\n" + (found.body or "")).body
    except UNREADABLE:
        return []


def seems_to_define(name: str, text: str) -> bool:
    """Return whether a text, Python or not, has a line that looks like a definition of the name."""
    return bool(re.search(rf"^\s*((async\s+)?def|class)\s+{re.escape(name)}\b|^{re.escape(name)}\s*=[^=]", text, re.M))

"""Extract the program that an answer needs from a notebook's cells: the necessary statements, in order."""

import ast
import builtins
import re
from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

from labkit.course.source import ipython
from labkit.course.source.dependence import Slice
from labkit.course.source.reader import read
from labkit.course.source.statement import Statement
from labkit.course.source.text import NoSource, lines

GIVEN = frozenset(dir(builtins)) - {"__name__", "display", ipython.NEEDED}  # a kernel adds the last two
STAND_INS = {"display": "display = print", "__name__": '__name__ = "__main__"'}  # as it is in a notebook
SHELL = re.compile(r"get_ipython|In|Out|_[ido]h|_{1,3}|_i{1,3}|_i?\d+")  # other names that only a notebook defines


def needed(texts: Iterable[str], name: str, held: Container[str] = ()) -> str:
    """Return a program of the statements in these texts that `name` needs. `held`: the names in the kernel.

    A text with a syntax error is included whole if it seems to define a needed name, so that the judge reports the
    error. Raises NoSource for a needed statement that cannot run outside the notebook.
    """
    statements, hidden = _read(texts, name)
    is_kernel = bool(held)
    slicing = Slice(statements, name)
    required, taken = slicing.needed(), slicing.taken()
    used = {name}.union(*(one.now.uses | one.later.uses for one in required))
    for one in required:
        if one.cannot:
            raise NoSource(_refusal(one, used & (set(one.binds) | slicing.changed[one])))
    if slicing.is_open:  # a name that seems to be missing may come from there
        hidden, held = [one for one in hidden if not one.shown], ()
    missing = list(_missing(sorted(used - slicing.bound - GIVEN), hidden, held))
    futures = [one.text for one in statements if _is_future(one)]
    others = [one for one in statements if one in taken and not _is_future(one)]
    tolerated = {one for one in taken if one not in required or _may_fail(one, used, is_kernel)}
    parts = [_tolerant(one) if one in tolerated else one.text for one in others]
    return "\n\n\n".join([*dict.fromkeys(futures), *missing, *parts]) + "\n"


def _read(texts: Iterable[str], name: str) -> tuple[list[Statement], list["_Hidden"]]:
    statements: list[Statement] = []
    hidden: list[_Hidden] = []
    for text in texts:
        try:
            statements += _statements(ipython.python(text), name, hidden)
        except (RecursionError, MemoryError):
            raise NoSource("a statement is nested too deeply to be read; split it into several") from None
    return statements, hidden


def _refusal(one: Statement, names: set[str]) -> str:
    node = one.node or ast.Pass()
    magic = ipython.first_magic(node)
    shown = magic.written if magic is not None else lines(ast.unparse(node))[0]
    return f"the answer needs `{shown[:80]}` ({', '.join(sorted(names))}), and the check cannot run it: {one.cannot}"


def _is_future(one: Statement) -> bool:
    return isinstance(one.node, ast.ImportFrom) and one.node.module == "__future__"


def _may_fail(one: Statement, used: set[str], is_kernel: bool) -> bool:
    """Return whether the program may continue if this statement fails.

    In a kernel, a change may have failed and been corrected in a later cell, and the history contains both. In a
    notebook, only a call of an unknown method may fail, because it may merely try something out.
    """
    is_change = one.node is not None and (used.isdisjoint(one.binds) or isinstance(one.node, ast.AugAssign))
    return is_change and (is_kernel or used.isdisjoint(one.now.changed))


def _tolerant(one: Statement) -> str:
    """Wrap the statement in a `try` that prints its error."""
    shown = "print(f'{type(__error__).__name__}: {__error__}')"
    whole = ast.parse(f"try:\n    pass\nexcept Exception as __error__:\n    {shown}")
    guard = whole.body[0]
    assert isinstance(guard, ast.Try) and one.node is not None
    guard.body = [one.node]
    return ast.unparse(whole)


def _missing(names: list[str], hidden: list["_Hidden"], held: Container[str]) -> Iterator[str]:
    """Yield other texts that define these names, for example one with a syntax error. Raises NoSource."""
    for name in names:
        texts = [one for one in reversed(hidden) if ipython.seems_to_define(name, one.text)]
        if name in STAND_INS:
            yield STAND_INS[name]
        elif texts and not texts[0].shown:
            yield texts[0].text
        elif texts:
            line = texts[0].shown
            raise NoSource(f"`{line}` hides the code that defines {name}; remove that line, and run the cell again")
        elif SHELL.fullmatch(name):
            raise NoSource(f"the answer needs {name}, which exists only in a notebook; rewrite the answer without it")
        elif name in held and not name.startswith("__"):
            raise NoSource(
                f"the answer needs {name}, but no top-level statement of a cell sets it, so a restart would lose it; "
                f"define {name} in a cell"
            )
        elif line := next((one.shown for one in hidden if one.may_define), ""):
            raise NoSource(f"the answer needs {name}, which only `{line}` can have set; define {name} in a cell")


class _Hidden(NamedTuple):
    """Text that does not run as Python in the notebook's namespace: that of a magic, or text with a syntax error."""

    shown: str  # the magic's line; "" for a text with a syntax error
    text: str
    may_define: bool = False


def _statements(text: str, name: str, hidden: list[_Hidden]) -> Iterator[Statement]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        if ipython.seems_to_define(name, text):
            yield Statement(text, None, binds={name: "definition"}, kills=frozenset({name}))
        else:
            hidden.append(_Hidden("", text))
        return
    for node in tree.body:
        inner = ipython.unfolded(node)
        magic = ipython.magic(node.value) if isinstance(node, ast.Expr) else None
        if inner is not None:
            yield from _statements(inner, name, hidden)
        elif magic is not None:
            hidden.append(_Hidden(magic.written, magic.body or "", magic.name in ipython.BIND_NAMES))
            yield from _measured(magic)
        else:
            yield read(_text(text, node), node)


def _measured(magic: ipython.Magic) -> Iterator[Statement]:
    """Code that %timeit or %prun runs, which binds no name but may change an object."""
    for node in ipython.measured(magic):
        made = read(magic.written, node)
        made.binds, made.kills = {}, frozenset()
        made.cannot = f"%{magic.name} runs it; put it on a line of its own"
        yield made


def _text(text: str, node: ast.stmt) -> str:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(one.lineno for one in decorators)])
    found = lines(text)[first - 1 : node.end_lineno]
    if decorators:
        return "\n".join(found)
    ends = len(found[-1].encode()[: node.end_col_offset].decode())  # several statements may share a line
    found[-1] = found[-1][:ends]
    found[0] = found[0].encode()[node.col_offset :].decode()
    return "\n".join(found)

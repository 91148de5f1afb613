"""Mutants: a solution with one small thing changed, as a slip of the hand changes it.

swapped    < for <=, == for !=, in for not in, is for is not, and for or
number     a whole number one more, or one less
condition  always true, or always false; `not` left out
dropped    a statement, an await, or one of several exceptions left out
constant   True for False, None for what is returned
"""

import ast
import copy
from collections.abc import Iterator
from typing import NamedTuple

SWAPS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


class Mutant(NamedTuple):
    """What was changed, in words that stay the same when lines move; and the program."""

    name: str
    source: str


def mutants(source: str) -> list[Mutant]:
    """Every mutant of a program, each once; imports, docstrings and other constants at the top stay."""
    tree = ast.parse(source)
    before = ast.unparse(tree)
    found: dict[str, Mutant] = {}
    nodes = _nodes(tree)
    for place, node in enumerate(nodes):
        for word, change in _changes(node):
            mutated = _changed(tree, place, change)
            text = ast.unparse(mutated)
            if text != before and text not in found:
                where = source.splitlines()[getattr(node, "lineno", 1) - 1].strip()
                found[text] = Mutant(f"{word}: {where}", text)
    return _numbered(list(found.values()))


def _numbered(found: list[Mutant]) -> list[Mutant]:
    """With a number behind a name that occurs again."""
    seen: dict[str, int] = {}
    named = []
    for mutant in found:
        seen[mutant.name] = count = seen.get(mutant.name, 0) + 1
        named.append(mutant if count == 1 else mutant._replace(name=f"{mutant.name} ({count})"))
    return named


def _nodes(tree: ast.Module) -> list[ast.AST]:
    """Of the functions and classes: imports and constants at the top are given."""
    parts = (one for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef))
    return [node for part in parts for node in ast.walk(part)]


def _changed(tree: ast.Module, place: int, change: object) -> ast.Module:
    copied = copy.deepcopy(tree)
    change(_nodes(copied)[place])  # type: ignore[operator]
    return ast.fix_missing_locations(copied)


def _changes(node: ast.AST) -> Iterator[tuple[str, object]]:
    if isinstance(node, ast.Compare):
        for number, operator in enumerate(node.ops):
            if type(operator) in SWAPS:
                swapped = SWAPS[type(operator)]
                yield f"{type(operator).__name__} to {swapped.__name__}", _set_op(number, swapped)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield f"{type(node.op).__name__} to {other.__name__}", lambda one: setattr(one, "op", other())
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        for step in (1, -1):
            value = node.value + step
            yield f"{node.value} to {value}", lambda one, value=value: setattr(one, "value", value)
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield f"{node.value} turned", lambda one: setattr(one, "value", not one.value)
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        for value in (True, False):
            if not (isinstance(node, ast.While) and value):
                yield f"always {value}", lambda one, value=value: setattr(one, "test", ast.Constant(value))
    if isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Await):
        yield "returns None", lambda one: setattr(one, "value", ast.Constant(None))
    if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Tuple):
        for number, kind in enumerate(node.type.elts):
            yield f"without {ast.unparse(kind)}", lambda one, number=number: one.type.elts.pop(number)
    yield from _dropped(node)


def _set_op(number: int, operator: type[ast.cmpop]) -> object:
    def change(node: ast.Compare) -> None:
        node.ops[number] = operator()

    return change


def _dropped(node: ast.AST) -> Iterator[tuple[str, object]]:
    """Statements, awaits and nots left out, seen from what holds them."""
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.Await):
            yield f"await dropped from {ast.unparse(value)[6:60]}", lambda one, name=name: _unwrap(one, name, "value")
        if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
            yield f"not dropped from {ast.unparse(value)[:60]}", lambda one, name=name: _unwrap(one, name, "operand")
        if isinstance(value, list):
            for number, one in enumerate(value):
                if isinstance(one, ast.Expr | ast.AugAssign | ast.Return | ast.Break | ast.Continue | ast.Delete):
                    if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant):
                        continue  # a docstring
                    yield f"dropped {ast.unparse(one)[:60]!r}", _drop(name, number)


def _unwrap(node: ast.AST, name: str, inner: str) -> None:
    setattr(node, name, getattr(getattr(node, name), inner))


def _drop(name: str, number: int) -> object:
    def change(node: ast.AST) -> None:
        getattr(node, name)[number] = ast.Pass()

    return change

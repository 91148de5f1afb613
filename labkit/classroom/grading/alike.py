"""Find different students' answers that are the same program once names, layout and comments are normalised.

The result is a reason to ask, never a verdict: two people who share a laptop write the same program.
"""

import ast
import builtins
from collections.abc import Iterable

from labkit.classroom.grading.claims import Claim

LEAST_NODES = 60  # nodes of the syntax tree; shorter answers are often alike by chance
_KNOWN = frozenset(dir(builtins))


def alike(claims: Iterable[Claim]) -> list[tuple[str, tuple[str, ...]]]:
    """Return (exercise, students) for each program that several students handed in."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for claim in claims:
        program = normalised(claim.answer["source"]) if claim.answer else None
        if program is not None:
            found.setdefault((claim.exercise, program), {})[claim.student] = None
    return [(exercise, tuple(who)) for (exercise, _), who in found.items() if len(who) > 1]


def normalised(source: str) -> str | None:
    """Return a program without its names, comments and docstrings; None if it is too short or does not parse."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if sum(1 for _ in ast.walk(tree)) < LEAST_NODES:
        return None
    return ast.dump(_Renamer().visit(tree))


class _Renamer(ast.NodeTransformer):
    """Number the names that the program itself defines, in order of appearance."""

    def __init__(self) -> None:
        self._numbers: dict[str, str] = {}

    def _number(self, name: str) -> str:
        return name if name in _KNOWN else self._numbers.setdefault(name, f"name{len(self._numbers)}")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._number(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(self._number(node.arg))

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant):
            return None  # a docstring
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._named(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._named(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._named(node)

    def _named(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> ast.AST:
        node.name = self._number(node.name)
        return self.generic_visit(node)

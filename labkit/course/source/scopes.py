"""Find out which variable a name refers to, and which objects an expression may reach."""

import ast
import itertools
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from labkit.course.source.names import MAKE_SCALARS, PASS_ITEMS_ON, READERS, Bound, arguments_of, killed
from labkit.course.source.statement import Facts, Kind, Statement


class _Scope(NamedTuple):
    kind: Literal["function", "comprehension", "class"]
    number: int
    bound: Bound
    name: str = ""  # of a class


class Scopes(ast.NodeVisitor):
    """A visitor that tracks the current scope, and records in `made` what it finds."""

    def __init__(self, text: str, node: ast.stmt) -> None:
        self.made = Statement(text, node, kills=killed(node))
        self._scopes: list[_Scope] = []
        self._count = 0

    @property
    def _facts(self) -> Facts:
        return self.made.later if any(scope.kind == "function" for scope in self._scopes) else self.made.now

    def _key(self, name: str) -> str:
        for scope in reversed(self._scopes):
            if name in scope.bound.outer:
                return name
            if name in scope.bound.names:
                return f"{scope.number}:{name}"
        return name

    def _bind(self, name: str, kind: Kind) -> None:
        innermost = self._scopes[-1] if self._scopes else None
        if innermost is not None and innermost.kind == "class" and name not in innermost.bound.outer:
            return
        if ":" in self._key(name):
            return
        if self._facts is self.made.later:
            self.made.later.changed.add(name)  # declared global: a call changes it
        else:
            self.made.binds[name] = kind

    def _roots(self, node: ast.AST | None) -> set[str]:
        """Return the names whose objects an expression may hold or reach."""
        match node:
            case ast.Name(id=name):
                return {self._key(name)}
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in PASS_ITEMS_ON and arguments:
                return self._roots_of(arguments)
            case ast.Call(func=ast.Name(id=name)):
                return {f"{self._key(name)}()"} | (
                    set() if name in MAKE_SCALARS else self._roots_of(arguments_of(node))
                )
            case ast.Call(func=ast.Attribute(value=value)):
                found = self._roots(value)
                self.made.aliases |= {(f"{root}.()", root) for root in found}
                return {f"{root}.()" for root in found}
            case ast.Attribute(value=value) | ast.Subscript(value=value) | ast.Starred(value=value):
                return self._roots(value)
            case ast.NamedExpr(value=value) | ast.Await(value=value):
                return self._roots(value)
            case ast.IfExp(body=one, orelse=other):
                return self._roots_of([one, other])
            case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Dict(values=parts):
                return self._roots_of(parts)
        return set()

    def _roots_of(self, nodes: Iterable[ast.AST]) -> set[str]:
        return set().union(*map(self._roots, nodes))

    def _alias(self, target: ast.AST | None, value: ast.AST | None) -> None:
        if target is None or value is None:
            return
        names = {self._key(one.id) for one in ast.walk(target) if isinstance(one, ast.Name)}
        self._hold(names, [value])
        made_by = value.value if isinstance(value, ast.Await) else value
        if isinstance(made_by, ast.Call) and isinstance(made_by.func, ast.Attribute):
            self._hold_perhaps(names, made_by)

    def _hold(self, names: set[str], values: Iterable[ast.AST]) -> None:
        """Record that these names may refer to the objects of these values."""
        self.made.aliases |= set(self._pairs(names, values))

    def _pairs(self, names: set[str], values: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
        return itertools.product(names, self._roots_of(values))

    def _hold_perhaps(self, names: set[str], call: ast.Call) -> None:
        """Record that these names may refer to the arguments of an unknown method."""
        if isinstance(call.func, ast.Attribute) and call.func.attr not in READERS:
            found = {(name, root) for root in self._roots_of(arguments_of(call)) for name in names}
            self.made.perhaps |= {pair for pair in found if ":" not in "".join(pair)}

    def _enter(self, kind: Literal["function", "comprehension", "class"], bound: Bound, name: str = "") -> None:
        self._count += 1
        self._scopes.append(_Scope(kind, self._count, bound, name))

    def _leave(self, body: Iterable[ast.AST]) -> None:
        self._visit_all(body)
        self._scopes.pop()

    def _visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

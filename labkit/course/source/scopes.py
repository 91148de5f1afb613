"""Which variable a name in the code means, and which objects its expressions may reach."""

import ast
from collections.abc import Iterable
from typing import Literal, NamedTuple

from labkit.course.source.effects import CONSUMABLE
from labkit.course.source.names import (
    BUILT_IN_TYPES,
    MAKE_SCALARS,
    PASS_ITEMS_ON,
    READERS,
    SPACE,
    Bound,
    arguments_of,
    changes_itself,
    killed,
)
from labkit.course.source.statement import Facts, Kind, Statement

_FRESH = BUILT_IN_TYPES | {"sorted", "tuple", "frozenset", "bytes"}
_ONE_ITEM = {"next", "min", "max", "sum", "getattr"}


class _Scope(NamedTuple):
    kind: Literal["function", "comprehension", "class"]
    number: int
    bound: Bound
    name: str = ""  # of a class
    facts: Facts | None = None  # of a method


class Scopes(ast.NodeVisitor):
    """A visitor that knows its scope, and records in `made` what it finds."""

    def __init__(self, text: str, node: ast.stmt) -> None:
        self.made = Statement(text, node, kills=killed(node))
        self._scopes: list[_Scope] = []
        self._count = 0

    @property
    def _facts(self) -> Facts:
        of_methods = (scope.facts for scope in self._scopes if scope.facts is not None)
        is_later = any(scope.kind == "function" for scope in self._scopes)
        return next(of_methods, self.made.later if is_later else self.made.now)

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
        if self._facts is not self.made.now:
            self._facts.changed.add(name)  # declared global: a call changes it
        else:
            self.made.binds[name] = kind

    def _path(self, function: ast.AST) -> str:
        """Return the dotted path of a function from a name outside all functions; "" for any other."""
        match function:
            case ast.Name(id=name):
                return "" if ":" in self._key(name) else self._key(name)
            case ast.Attribute(value=value, attr=attr):
                before = self._path(value)
                return f"{before}.{attr}" if before else ""
        return ""

    def _roots(self, node: ast.AST | None) -> set[str]:
        """Return the names whose objects an expression may hold or reach."""
        match node:
            case ast.Name(id=name):
                return {self._key(name)}
            case ast.Call(func=ast.Name(id="__import__") | ast.Attribute(attr="import_module")) if node.args:
                return {f"<{str(getattr(node.args[0], 'value', '')).partition('.')[0]}>"}
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
            case ast.Attribute(value=ast.Name(id="sys"), attr="modules"):
                return {SPACE}
            case ast.Attribute(value=value) | ast.Subscript(value=value) | ast.Starred(value=value):
                return self._roots(value)
            case ast.NamedExpr(value=value) | ast.Await(value=value) | ast.YieldFrom(value=value):
                return self._roots(value)
            case ast.IfExp(body=one, orelse=other):
                return self._roots_of([one, other])
            case ast.BinOp(left=one, right=other) if not _is_scalar(node):
                return self._roots_of([one, other])
            case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Dict(values=parts):
                return self._roots_of(parts)
            case ast.ListComp(elt=part) | ast.SetComp(elt=part) | ast.GeneratorExp(elt=part) | ast.DictComp(value=part):
                return set() if _is_scalar(part) else self._roots_of(one.iter for one in node.generators)
        return set()

    def _roots_of(self, nodes: Iterable[ast.AST]) -> set[str]:
        return set().union(*map(self._roots, nodes))

    def _kinds(self, node: ast.AST | None) -> set[str]:
        """Return what an expression makes: a `box`, boxes in a box (`nest`), something else (`lib`), a call (`=f`)."""
        match node:
            case ast.IfExp(body=one, orelse=other):
                return self._kinds_of([one, other])
            case ast.BoolOp(values=parts):
                return self._kinds_of(parts)
            case ast.BinOp(left=one, right=other):
                return set() if _is_scalar(node) else self._kinds_of([one, other]) | {"box"}
            case ast.NamedExpr(value=value) | ast.Starred(value=value):
                return self._kinds(value)
            case ast.Tuple(elts=parts):
                return _nested(self._kinds_of(parts))
            case ast.List(elts=parts) | ast.Set(elts=parts) | ast.Dict(values=parts):
                return {"box"} | _nested(self._kinds_of(parts))
            case ast.ListComp(elt=part) | ast.SetComp(elt=part) | ast.DictComp(value=part):
                return {"box"} | _nested(self._kinds(part))
            case ast.Call(func=ast.Name(id=name)) if name in CONSUMABLE:
                return {"lib"}
            case ast.Call(func=ast.Name(id=name)) if name in MAKE_SCALARS:
                return set()
            case ast.Call(func=ast.Name(id=name)) if name in _ONE_ITEM:
                return self._kinds_of(arguments_of(node))
            case ast.Call(func=ast.Name(id=name)) if name in _FRESH:
                return {"box"} | {"nest" for kind in self._kinds_of(arguments_of(node)) if kind != "box"}
            case ast.Call(func=ast.Attribute(attr=method)) if method in READERS or changes_itself(method):
                return set()
            case ast.Call(func=function):
                path = self._path(function)
                return {f"={path}"} if path else {"lib"}
            case ast.GeneratorExp() | ast.Await() | ast.Yield() | ast.YieldFrom():
                return {"lib"}
        return set()

    def _kinds_of(self, nodes: Iterable[ast.AST | None]) -> set[str]:
        return set().union(*map(self._kinds, nodes))

    def _alias(self, target: ast.AST | None, value: ast.AST | None, *, is_item: bool = False) -> None:
        if target is None or value is None:
            return
        names = {self._key(one.id) for one in ast.walk(target) if isinstance(one, ast.Name)}
        is_item = is_item or isinstance(value, ast.Subscript) or not isinstance(target, ast.Name)
        self._hold(names, [value], is_item=is_item and isinstance(target, (ast.Name, ast.Tuple, ast.List)))
        made_by = value.value if isinstance(value, ast.Await) else value
        if isinstance(made_by, ast.Call) and isinstance(made_by.func, ast.Attribute):
            self._hold_perhaps(names, made_by)

    def _hold(self, names: set[str], values: Iterable[ast.AST], *, is_item: bool = False) -> None:
        """Record that these names may hold the objects of these values, or items of them."""
        values = list(values)
        found = {(name, root) for root in self._roots_of(values) for name in names if name != root}
        self.made.aliases |= found
        self.made.items |= found if is_item else set()
        self.made.makes |= {(name, kind) for kind in self._kinds_of(values) for name in names}

    def _hold_perhaps(self, names: set[str], call: ast.Call) -> None:
        """Note that these names may hold what a method is given that nothing is known of."""
        if isinstance(call.func, ast.Attribute) and call.func.attr not in READERS:
            found = {(name, root) for root in self._roots_of(arguments_of(call)) for name in names}
            self.made.perhaps |= {pair for pair in found if ":" not in "".join(pair)}

    def _enter(
        self, kind: Literal["function", "comprehension", "class"], bound: Bound, name: str = "", of: str = ""
    ) -> None:
        self._count += 1
        facts = self.made.methods.setdefault(of, Facts()) if of else None
        self._scopes.append(_Scope(kind, self._count, bound, name, facts))

    def _leave(self, body: Iterable[ast.AST]) -> None:
        self._visit_all(body)
        self._scopes.pop()

    def _visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)


def _is_scalar(node: ast.AST) -> bool:
    """Whether an expression surely makes something that cannot change."""
    match node:
        case ast.Constant() | ast.JoinedStr() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.BinOp(op=ast.Mult(), left=one, right=other):
            return _is_scalar(one) and _is_scalar(other)
        case ast.BinOp(left=one, right=other):
            return _is_scalar(one) or _is_scalar(other)
    return False


def _nested(kinds: set[str]) -> set[str]:
    return {"nest" if kind == "box" else kind for kind in kinds}

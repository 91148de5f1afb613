"""Which variable a name in the code means, and which objects its expressions may reach."""

import ast
from collections.abc import Iterable
from typing import Literal, NamedTuple

from labkit.course.source.effects import CONSUMABLE
from labkit.course.source.names import (
    BUILT_IN_TYPES,
    ITERTOOLS,
    MAKE_SCALARS,
    PASS_ITEMS_ON,
    READERS,
    SPACE,
    Bound,
    arguments_of,
    is_known_method,
    killed,
)
from labkit.course.source.statement import Facts, How, Kind, Statement

_FRESH = BUILT_IN_TYPES | frozenset(["sorted", "tuple", "frozenset", "bytes", "Counter", "copy", "deepcopy"])
_KNOWN = _FRESH | PASS_ITEMS_ON | MAKE_SCALARS
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
            case ast.Call(func=ast.Name(id="__import__")):
                return next(iter(self._roots(function)), "")
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
            case ast.Call(func=ast.Attribute(value=value, attr=method)):
                found = self._roots(value)
                how: How = "item" if is_known_method(method) else "any"
                self.made.aliases |= {(f"{root}.()", root, how) for root in found}
                return {f"{root}.()" for root in found}
            case ast.Attribute(value=ast.Name(id="sys"), attr="modules") | ast.Attribute(attr="__globals__"):
                return {SPACE}
            case ast.Lambda():
                return {lambda_name(node)}
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
            case ast.Call(func=ast.Name(id=name)) if name in _FRESH and name != "defaultdict":
                return {"box"} | {"nest" for kind in self._kinds_of(arguments_of(node)) if kind != "box"}
            case ast.Call(func=function):
                path = self._path(function)
                is_known = isinstance(function, ast.Attribute) and is_known_method(function.attr)
                return {f"={path}"} if path else set() if is_known else {"lib"}
            case ast.GeneratorExp() | ast.Await() | ast.Yield() | ast.YieldFrom():
                return {"lib"}
        return set()

    def _kinds_of(self, nodes: Iterable[ast.AST | None]) -> set[str]:
        return set().union(*map(self._kinds, nodes))

    def _ways(self, node: ast.AST | None) -> set[tuple[str, How]]:
        """Return the names whose objects an expression may hold, and how."""
        match node:
            case ast.Name(id=name):
                return {(self._key(name), "same")}
            case ast.NamedExpr(value=value) | ast.Await(value=value):
                return self._ways(value)
            case ast.IfExp(body=one, orelse=other):
                return self._ways(one) | self._ways(other)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return _inside(self._ways_of(parts))
            case ast.Dict(keys=keys, values=parts):
                return _inside(self._ways_of(part for key, part in zip(keys, parts) if key is not None)) | {
                    (root, "content") for root in self._roots_of(part for key, part in zip(keys, parts) if key is None)
                }
            case ast.Starred(value=value):
                return _items(self._ways(value))
            case ast.BinOp(left=one, right=other):
                return set() if _is_scalar(node) else _items(self._ways(one) | self._ways(other))
            case ast.ListComp() | ast.SetComp() | ast.DictComp():
                how: How = "content"
            case ast.Subscript(slice=part):
                how = "content" if isinstance(part, ast.Slice) else "item"
            case ast.Call(func=ast.Name(id=name)) if name in _FRESH:
                named = self._ways_of(keyword.value for keyword in node.keywords)
                return _inside(named) | _items(self._ways_of(node.args))
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                how = "content" if name in _FRESH else "item" if name in _ONE_ITEM else "any"
            case _:
                how = "any"
        return {(root, how) for root in self._roots(node)}

    def _ways_of(self, nodes: Iterable[ast.AST]) -> set[tuple[str, How]]:
        return set().union(*map(self._ways, nodes))

    def _alias(self, target: ast.AST | None, value: ast.AST | None, how: How | None = None) -> None:
        if target is None or value is None:
            return
        if isinstance(target, (ast.Tuple, ast.List)):
            is_pairwise = isinstance(value, (ast.Tuple, ast.List))
            for part in target.elts:
                self._alias(part, value, how or (None if is_pairwise else "item"))
            return
        names = {self._key(target.id)} if isinstance(target, ast.Name) else self._roots(target)
        self._hold(names, [value], how or (None if isinstance(target, ast.Name) else "into"))

    def _hold(self, names: set[str], values: Iterable[ast.AST], how: How | None = None) -> None:
        """Record that these names may hold the objects of these values."""
        for value in values:
            self._build(names, value)
            if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id not in _KNOWN:
                value = ast.Call(value.func, [], [])
            ways = {(root, way) for root, way in self._ways(value)}
            if how == "into":
                ways = _inside(ways)
            elif how == "content":
                ways = _items(ways)
            elif how is not None:
                ways = {(root, how if way == "same" else "any") for root, way in ways}
            self.made.aliases |= {(name, root, way) for root, way in ways for name in names if name != root}
            kinds = self._kinds(value) if how != "item" or not _passes_on(value) else set()
            kinds = _nested(kinds) if how == "into" else kinds
            self.made.makes |= {(name, kind) for kind in kinds for name in names}

    def _build(self, names: set[str], value: ast.AST) -> None:
        """Record that these names may hold what a function is given that returns their value."""
        value = value.value if isinstance(value, ast.Await) else value
        if not isinstance(value, ast.Call) or (isinstance(value.func, ast.Name) and value.func.id in _KNOWN):
            return
        if isinstance(value.func, ast.Attribute) and value.func.attr in READERS - {"copy"}:
            return
        roots = self._roots_of(arguments_of(value))
        path = self._path(value.func) or "."
        self.made.built |= {(name, root, path) for name in names for root in roots if name != root}

    def _hold_perhaps(self, names: set[str], call: ast.Call) -> None:
        """Note that these names may hold what a method is given that nothing is known of."""
        if isinstance(call.func, ast.Attribute) and call.func.attr not in READERS:
            found = {(name, root) for root in self._roots_of(arguments_of(call)) for name in names}
            self.made.perhaps |= {(*pair, "any") for pair in found if ":" not in "".join(pair)}

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


def _passes_on(value: ast.AST) -> bool:
    """Whether the items are those of what a function is given."""
    name = getattr(getattr(value, "func", None), "id", getattr(getattr(value, "func", None), "attr", ""))
    return name in PASS_ITEMS_ON - {"map", "next"} or name in ITERTOOLS


def _inside(ways: set[tuple[str, How]]) -> set[tuple[str, How]]:
    inside: dict[How, How] = {"same": "into", "item": "content", "content": "content"}
    return {(root, inside.get(how, "any")) for root, how in ways}


def _items(ways: set[tuple[str, How]]) -> set[tuple[str, How]]:
    items: dict[How, How] = {"same": "content", "item": "content", "content": "content", "into": "into"}
    return {(root, items.get(how, "any")) for root, how in ways}


def lambda_name(node: ast.Lambda) -> str:
    """Return a name for a function that has none."""
    return f"<lambda {id(node)}>"


def _nested(kinds: set[str]) -> set[str]:
    return {"nest" if kind == "box" else kind for kind in kinds}

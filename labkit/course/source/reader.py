"""Read from a statement's syntax tree what the statement does to names."""

import ast
import itertools
from collections.abc import Iterator, Sequence

from labkit.course.source import ipython
from labkit.course.source.names import (
    BUILT_IN_TYPES,
    CHANGE_FIRST_ARGUMENT,
    FUNCTIONS,
    READERS,
    Bound,
    arguments_of,
    bound_in,
    changes_itself,
    imported,
    parameters,
)
from labkit.course.source.scopes import Scopes
from labkit.course.source.statement import ANY_PLACE, Links, Statement


def read(text: str, node: ast.stmt) -> Statement:
    """Return what a statement does to names. Raises RecursionError if it is nested too deeply."""
    return _Reader(text, node).read()


class _Reader(Scopes):
    def __init__(self, text: str, node: ast.stmt) -> None:
        super().__init__(text, node)
        self._node = node
        self._parameters: dict[str, frozenset[str]] = {}
        self._puts: set[tuple[str, str]] = set()  # what calls may put into an object

    def read(self) -> Statement:
        """Read the whole statement."""
        self.visit(self._node)
        made = self.made
        if ipython.first_magic(self._node) is not None:
            made.cannot = "only IPython can run it; write it in Python, or remove it"
        made.aliases |= set() if made.cannot else self._puts  # a guess is no reason to refuse an answer
        if not isinstance(self._node, (*FUNCTIONS, ast.ClassDef)) and not isinstance(
            getattr(self._node, "value", None), ast.Lambda
        ):
            made.now.include(made.later)  # a function that gets a lambda calls it
        local = {pair for pair in made.aliases if ":" in "".join(pair)}
        pairs = local | {(other, name) for name, other in local}
        within = Links(pairs)
        for facts in (made.now, made.later):
            facts.changed = within.closed(facts.changed)
            facts.touched = within.closed(facts.touched)
        for name in {name for name, _ in pairs if ":" not in name}:
            made.aliases |= {(name, other) for other in within.closed({name}) if ":" not in other}
        made.aliases -= local
        made.parameters = self._parameters
        return made

    def visit_Name(self, node: ast.Name) -> None:  # noqa: N802
        key = self._key(node.id)
        if not isinstance(node.ctx, ast.Store) and ":" not in key:
            self._facts.uses.add(key)
        if not isinstance(node.ctx, ast.Load):
            self._bind(node.id, "data")

    # Statements

    def visit_Assign(self, node: ast.Assign) -> None:  # noqa: N802
        for target in node.targets:
            self._alias(target, node.value)
            self._hold({target.id for target in node.targets if isinstance(target, ast.Name)}, [target])
        if self._scopes and self._scopes[-1].kind == "class":
            self._hold({self._scopes[-1].name}, [node.value])
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:  # noqa: N802
        self._alias(node.target, node.value)
        for part in (node.annotation, node.value, node.target if node.value is not None else None):
            if part is not None:
                self.visit(part)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:  # noqa: N802
        self._alias(node.target, node.value)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:  # noqa: N802
        roots = self._roots(node.target)
        self._facts.changed |= roots
        self._facts.uses |= {root for root in roots if ":" not in root}
        self.generic_visit(node)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:  # noqa: N802
        self._alias(node.target, node.iter)
        self.generic_visit(node)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> None:  # noqa: N802
        self._awaits()
        self.visit_For(node)

    def visit_withitem(self, node: ast.withitem) -> None:
        self._alias(node.optional_vars, node.context_expr)
        self._facts.touched |= self._roots(node.context_expr)
        self.generic_visit(node)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> None:  # noqa: N802
        self._awaits()
        self.generic_visit(node)

    def visit_Await(self, node: ast.Await) -> None:  # noqa: N802
        self._awaits()
        self.generic_visit(node)

    def _awaits(self) -> None:
        if self._facts is self.made.now:
            self.made.cannot = "no event loop is running while the answer loads; remove `await` from the top level"

    def visit_Return(self, node: ast.Return) -> None:  # noqa: N802
        if isinstance(self._node, FUNCTIONS):
            self.made.aliases |= {(f"{self._node.name}()", root) for root in self._roots(node.value)}
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:  # noqa: N802
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
        for name, module in zip(imported(node), itertools.cycle(modules)):
            self._bind(name, "import")
            self.made.imports[name] = module

    visit_ImportFrom = visit_Import  # noqa: N815

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:  # noqa: N802
        if node.name is not None:
            self._bind(node.name, "data")
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs  # noqa: N815

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:  # noqa: N802
        if node.rest is not None:
            self._bind(node.rest, "data")
        self.generic_visit(node)

    # Expressions that change something

    def visit_Expr(self, node: ast.Expr) -> None:  # noqa: N802
        """Note an operator, item or attribute whose value is unused: it is there for its side effect."""
        match node.value:
            case ast.BinOp(left=one, right=other) | ast.Compare(left=one, comparators=[other]):
                self._facts.touched |= self._roots_of([one, other])
            case ast.Subscript(value=value) | ast.Attribute(value=value):
                self._facts.touched |= self._roots(value)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:  # noqa: N802
        if not isinstance(node.ctx, ast.Load) or changes_itself(node.attr):
            self._facts.changed |= self._roots(node.value)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:  # noqa: N802
        if not isinstance(node.ctx, ast.Load):
            self._facts.changed |= self._roots(node.value)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:  # noqa: N802
        self._called(node.func)
        given = arguments_of(node)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        is_unbound = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") in BUILT_IN_TYPES
        if given and (name in CHANGE_FIRST_ARGUMENT or (is_unbound and changes_itself(name))):
            self._facts.changed |= self._roots(given[0])
        if isinstance(node.func, ast.Attribute) and changes_itself(name):
            self._puts |= set(self._pairs(self._roots(node.func.value), given))
        elif given:
            self._puts |= set(self._pairs(self._roots(given[0]), given[1:]))
        if isinstance(node.func, ast.Attribute):
            self._hold_perhaps(self._roots(node.func.value), node)
        places = list(self._places(node))
        callbacks = {self._key(one.id) for one in given if isinstance(one, ast.Name)}
        self._facts.given |= callbacks
        self._facts.passed |= {(one, ANY_PLACE, root) for one in callbacks for _, root in places if one != root}
        if isinstance(node.func, ast.Name):
            self._facts.passed |= {(self._key(name), place, root) for place, root in places}
        self.generic_visit(node)

    def _places(self, node: ast.Call) -> Iterator[tuple[str, str]]:
        """Yield each argument's place and the names of its objects."""
        is_spread = any(isinstance(one, ast.Starred) for one in node.args)
        for place, one in enumerate(node.args):
            yield from ((ANY_PLACE if is_spread else str(place), root) for root in self._roots(one))
        for keyword in node.keywords:
            yield from ((keyword.arg or ANY_PLACE, root) for root in self._roots(keyword.value))

    def _called(self, function: ast.expr) -> None:
        """Record that a function is called, which includes its use as a decorator or as a base class."""
        if isinstance(function, ast.Name):
            self._facts.called.add(self._key(function.id))
        elif isinstance(function, ast.Attribute) and function.attr not in READERS:
            self._facts.touched |= self._roots(function.value)
        elif isinstance(function, ast.Subscript):
            self._facts.called |= self._roots(function.value)

    # Scopes

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:  # noqa: N802
        for decorator in node.decorator_list:
            self._called(decorator)
        self._visit_all([*node.decorator_list, node.args, node.returns])
        self._bind(node.name, "definition")
        self._function(node, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:  # noqa: N802
        self.visit(node.args)
        self._function(node, [node.body])

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, body: Sequence[ast.AST]) -> None:
        is_method = bool(self._scopes) and self._scopes[-1].kind == "class"
        names, bound = parameters(node), bound_in(body)
        held = [*node.args.defaults, *node.args.kw_defaults, *getattr(node, "decorator_list", [])]
        within = [one for part in held if part is not None for one in ast.walk(part) if isinstance(one, ast.Name)]
        self.made.later.uses |= {key for one in within if ":" not in (key := self._key(one.id))}
        generic = {one.name for one in getattr(node, "type_params", [])}
        self._enter("function", Bound(bound.names | set(names) | generic, bound.outer))
        for name in names[is_method:]:
            self._parameters[self._key(name)] = self._places_of(name, node)
        if is_method and names:
            self.made.aliases.add((f"{self._scopes[-2].name}()", self._key(names[0])))
        self._leave(body)

    def _places_of(self, name: str, node: ast.AST) -> frozenset[str]:
        """Return where a parameter gets its argument from; any place unless the statement is just this function."""
        if node is not self._node or not isinstance(node, FUNCTIONS):
            return frozenset({ANY_PLACE})
        positional = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
        keyword = {one.arg for one in node.args.kwonlyargs}
        if name in positional:
            return frozenset({name, str(positional.index(name))})
        return frozenset({name if name in keyword else ANY_PLACE})

    def visit_ClassDef(self, node: ast.ClassDef) -> None:  # noqa: N802
        outside = [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]
        for part in outside:
            self._called(part)
        self._visit_all(outside)
        self.made.aliases |= {(f"{node.name}()", f"{base.id}()") for base in node.bases if isinstance(base, ast.Name)}
        self._bind(node.name, "class")
        generic = frozenset(one.name for one in getattr(node, "type_params", []))
        self._enter("class", Bound(generic, bound_in(node.body).outer), node.name)
        self._leave(node.body)

    def _comprehension(self, node: ast.AST) -> None:
        generators: list[ast.comprehension] = node.generators  # type: ignore[attr-defined]
        self.visit(generators[0].iter)
        self._enter("comprehension", bound_in([one.target for one in generators]))
        for one in generators:
            self._alias(one.target, one.iter)
            if one.is_async:
                self._awaits()
        self._leave(list(ast.iter_child_nodes(node)))

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815

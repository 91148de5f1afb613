"""From the syntax tree of a statement to what the statement does to names."""

import ast
from collections.abc import Sequence

from labkit.course.source import ipython
from labkit.course.source.calls import Calls
from labkit.course.source.effects import ITERATES, OPERATOR, SHOWS
from labkit.course.source.names import (
    FUNCTIONS,
    PURE_DECORATORS,
    SPACE,
    Bound,
    bound_in,
    changes_itself,
    imported,
    parameters,
)
from labkit.course.source.scopes import lambda_name
from labkit.course.source.statement import ANYWHERE, Links, Statement


def read(text: str, node: ast.stmt) -> Statement:
    """Return what a statement does to names. Raises RecursionError when it is nested too deeply."""
    return _Reader(text, node).read()


class _Reader(Calls):
    def __init__(self, text: str, node: ast.stmt) -> None:
        super().__init__(text, node)
        self._node = node
        self._parameters: dict[str, frozenset[str]] = {}

    def read(self) -> Statement:
        """Read the whole statement."""
        self.visit(self._node)
        made = self.made
        for facts in made.methods.values():
            made.later.include(facts)
        if not isinstance(self._node, (*FUNCTIONS, ast.ClassDef)) and not isinstance(
            getattr(self._node, "value", None), ast.Lambda
        ):
            made.now.include(made.later)  # a function that gets a lambda calls it
        local = {pair for pair in made.aliases if ":" in "".join(pair)}
        links = Links(local, lambda pair: True)
        for facts in (made.now, made.later, *made.methods.values()):
            facts.follow(links)
        for name in {one for pair in local for one in pair[:2] if ":" not in one}:
            others = {other for other in links.closed({name}) if ":" not in other and other != name}
            made.aliases |= {(name, other, "any") for other in others}
        made.makes |= {(name, kind) for one, kind in made.makes if ":" in one for name in links.closed({one})}
        holding = {name for name, other, how in local if other in self._parameters and how != "content"}
        holding |= {name for name, other, _ in made.built if other in self._parameters}
        for key in self._parameters:
            made.stored |= {(name, key) for name in links.closed({key}) if ":" not in name}
        made.keeps |= {name.removesuffix("()") for name in links.closed(holding) if name.endswith("()")}
        made.built = {
            (one, root, function)
            for name, other, function in made.built
            for one in links.closed({name})
            for root in links.closed({other})
            if ":" not in one + root and one != root
        }
        made.aliases -= local
        made.parameters = self._parameters
        found = ipython.first_magic(self._node)
        if found is not None:
            made.cannot = "only IPython can run it; write it in Python, or remove it"
        return made

    def visit_Name(self, node: ast.Name) -> None:  # noqa: N802
        key = self._key(node.id)
        if not isinstance(node.ctx, ast.Store) and ":" not in key:
            self._facts.uses.add(key)
        if not isinstance(node.ctx, ast.Load):
            self._bind(node.id, "data")
        if not isinstance(node.ctx, ast.Load):
            self._ask(node, "__del__")

    # Statements

    def visit_Assign(self, node: ast.Assign) -> None:  # noqa: N802
        for target in node.targets:
            self._alias(target, node.value)
            self._unpacks(target, node.value)
            self._hold(
                {one.id for one in node.targets if isinstance(one, ast.Name)} if len(node.targets) > 1 else set(),
                [target],
            )
        if self._scopes and self._scopes[-1].kind == "class":
            self._hold({self._scopes[-1].name}, [node.value], "into")
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
        self._ask(node.target, OPERATOR)
        self._hold(roots, [node.value], "content")
        self._alter(node.target)
        self._facts.uses |= {root for root in roots if ":" not in root}
        self.generic_visit(node)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:  # noqa: N802
        self._alias(node.target, node.iter, "item")
        self._ask(node.iter, ITERATES)
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
            self.made.cannot = "no event loop runs while the answer loads; do without `await` at the top level"

    def visit_Return(self, node: ast.Return) -> None:  # noqa: N802
        if isinstance(self._node, FUNCTIONS):
            self._hold({f"{self._node.name}()"}, [] if node.value is None else [node.value])
        self.generic_visit(node)

    def visit_Yield(self, node: ast.Yield | ast.YieldFrom) -> None:  # noqa: N802
        if isinstance(self._node, FUNCTIONS):
            self.made.makes.add((f"{self._node.name}()", "lib"))
            self._hold({f"{self._node.name}()"}, [] if node.value is None else [node.value], "into")
        if isinstance(node, ast.YieldFrom):
            self._ask(node.value, ITERATES)
        self.generic_visit(node)

    visit_YieldFrom = visit_Yield  # noqa: N815

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:  # noqa: N802
        before = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        for part, name in zip(node.names, imported(node)):
            self._bind(name, "import")
            qualified = before + (part.name if part.asname or before else name)
            self.made.imports[name] = qualified
            state = SPACE if qualified in ("__main__", "builtins") else f"<{qualified.partition('.')[0]}>"
            self.made.aliases |= {(name, state, "same"), (state, name, "same")}

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

    def _unpacks(self, target: ast.AST, value: ast.AST) -> None:
        if isinstance(target, (ast.Tuple, ast.List)) and not isinstance(value, (ast.Tuple, ast.List)):
            self._ask(value, ITERATES)

    def visit_Starred(self, node: ast.Starred) -> None:  # noqa: N802
        if isinstance(node.ctx, ast.Load):
            self._ask(node.value, ITERATES)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:  # noqa: N802
        shown = (SHOWS, "__repr__") if isinstance(node.op, ast.Mod) else ()
        self._ask(node.left, OPERATOR)
        self._ask(node.right, OPERATOR, *shown)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:  # noqa: N802
        self._ask(node.operand, OPERATOR)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:  # noqa: N802
        is_search = any(isinstance(one, (ast.In, ast.NotIn)) for one in node.ops)
        for part in (node.left, *node.comparators):
            self._ask(part, OPERATOR, *([ITERATES] if is_search else []))
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:  # noqa: N802
        for part in node.values:
            self._ask(part, OPERATOR)
        self.generic_visit(node)

    def visit_If(self, node: ast.If | ast.While | ast.IfExp | ast.Assert) -> None:  # noqa: N802
        self._ask(node.test, OPERATOR)
        self.generic_visit(node)

    visit_While = visit_IfExp = visit_Assert = visit_If  # noqa: N815

    def visit_Dict(self, node: ast.Dict | ast.Set) -> None:  # noqa: N802
        for key in node.keys if isinstance(node, ast.Dict) else node.elts:
            self._ask(key, OPERATOR)
        self.generic_visit(node)

    visit_Set = visit_Dict  # noqa: N815

    def visit_Match(self, node: ast.Match) -> None:  # noqa: N802
        classes = [one for one in ast.walk(node) if isinstance(one, ast.MatchClass)]
        self._ask(node.subject, OPERATOR, ITERATES, *(name for one in classes for name in one.kwd_attrs))
        self.generic_visit(node)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> None:  # noqa: N802
        self._ask(node.value, SHOWS, "__repr__", "__format__")
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:  # noqa: N802
        self._ask(node.value, node.attr)
        if node.attr == "__class__":
            self.made.makes.add((ANYWHERE, "class"))
        if not isinstance(node.ctx, ast.Load):
            self._ask(node.value, "__setattr__")
        if not isinstance(node.ctx, ast.Load) or changes_itself(node.attr):
            self._alter(node.value)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:  # noqa: N802
        if isinstance(node.ctx, ast.Load):
            self._ask(node.value, "__getitem__")
        else:
            self._ask(node.value, "__setitem__", "__delitem__")
            self._ask(node.slice, OPERATOR)
            self._alter(node.value)
        self.generic_visit(node)

    # Scopes

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:  # noqa: N802
        for decorator in node.decorator_list:
            self._called(decorator)
        self._visit_all([*node.decorator_list, node.args, node.returns])
        names = {ast.unparse(one.func if isinstance(one, ast.Call) else one) for one in node.decorator_list}
        for one in node.decorator_list:
            self._facts.passed.add((self._path(one), "0", self._key(node.name)))
        has_state = bool(self._kinds_of([*node.args.defaults, *node.args.kw_defaults]))
        if node is self._node and (has_state or not {name.rpartition(".")[2] for name in names} <= PURE_DECORATORS):
            self.made.is_decorated = True
        self._bind(node.name, "definition")
        self._function(node, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:  # noqa: N802
        self.visit(node.args)
        self.made.lambdas.add(lambda_name(node))
        self._function(node, [node.body])

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, body: Sequence[ast.AST]) -> None:
        is_method = bool(self._scopes) and self._scopes[-1].kind == "class"
        names, bound = parameters(node), bound_in(body)
        held = [*node.args.defaults, *node.args.kw_defaults, *getattr(node, "decorator_list", [])]
        within = [one for part in held if part is not None for one in ast.walk(part) if isinstance(one, ast.Name)]
        self.made.later.uses |= {key for one in within if ":" not in (key := self._key(one.id))}
        generic = {one.name for one in getattr(node, "type_params", [])}
        method = getattr(node, "name", "") if is_method else ""
        self._enter("function", Bound(bound.names | set(names) | generic, bound.outer), of=method)
        is_known = node is self._node or (is_method and self._scopes[-2].name == getattr(self._node, "name", ""))
        is_known = is_known or getattr(self._node, "value", None) is node
        spread = [one.arg for one in (node.args.vararg, node.args.kwarg) if one is not None]
        found = self._given_to.get(id(node), set())
        self.made.aliases |= {(self._key(name), root, "any") for name in names for root in found}
        for place, name in enumerate(names[is_method:]):
            places = {str(place), name} if is_known and name not in spread else {ANYWHERE}
            self._parameters[self._key(name)] = frozenset(places)
        if is_method and names:
            self.made.aliases.add((f"{self._scopes[-2].name}()", self._key(names[0]), "same"))
        self._leave(body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:  # noqa: N802
        outside = [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]
        for part in outside:
            self._called(part)
        self._visit_all(outside)
        bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
        self.made.aliases |= {(f"{node.name}()", f"{base}()", "same") for base in bases}
        self.made.aliases |= {(base, node.name, "any") for base in bases}  # what a base gets, its subclasses have
        self._bind(node.name, "class")
        made = next((one for one in node.body if getattr(one, "name", "") == "__init__"), None)
        is_plain = isinstance(made, ast.FunctionDef) and made.args.vararg is made.args.kwarg is None
        if bases or node.decorator_list or not is_plain:
            self.made.keeps.add(node.name)
        generic = frozenset(one.name for one in getattr(node, "type_params", []))
        self._enter("class", Bound(generic, bound_in(node.body).outer), node.name)
        self._leave(node.body)

    def _comprehension(self, node: ast.AST) -> None:
        generators: list[ast.comprehension] = node.generators  # type: ignore[attr-defined]
        self.visit(generators[0].iter)
        self._enter("comprehension", bound_in([one.target for one in generators]))
        for one in generators:
            self._alias(one.target, one.iter, "item")
            self._ask(one.iter, ITERATES)
            if one.is_async:
                self._awaits()
        self._leave(list(ast.iter_child_nodes(node)))

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815

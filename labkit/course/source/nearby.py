"""Find the statements that share a name with what an answer needs, directly or through other statements.

An object gets a second name only through a statement that mentions both names. So a statement that changes what the
answer needs is found here, whatever it does. Most of the statements found only read, which does no harm. Statements
that try the answer out or show something, and those that cannot run, are left out.
"""

import ast
import sys
from collections.abc import Iterable

from labkit.course.source.names import FUNCTIONS, changes_itself
from labkit.course.source.statement import Statement, by_name

# Names through which code reaches any other name.
ANY_NAME = {"exec", "eval", "globals", "locals", "vars", "__import__"}
ANY_ATTRIBUTE = {"__globals__", "__builtins__", "import_module", "modules"}
ANY_MODULE = {"__main__", "builtins", "importlib"}
# Modules of the standard library whose state an answer may depend on. The others are taken for functions without state.
WITH_STATE = {"os", "sys", "random", "logging", "warnings", "decimal", "locale", "contextvars", "signal", "gc", "types"}
STATELESS = {"labkit", "websockets"}
# What uses these shows something. They are slow to import, and change nothing that an answer needs.
SHOWING = {
    "matplotlib",
    "pandas",
    "numpy",
    "seaborn",
    "plotly",
    "altair",
    "IPython",
    "ipywidgets",
    "unittest",
    "pytest",
}


def has_state(module: str) -> bool:
    """Return whether an answer may depend on what other code does with a module."""
    top = module.partition(".")[0]
    return top in WITH_STATE or not (top in sys.stdlib_module_names or top in STATELESS | SHOWING)


class Nearby:
    """The statements of a program by what they mention."""

    def __init__(self, statements: list[Statement], answer: str) -> None:
        self._statements = statements
        self._answer = answer
        self._by_name = by_name(statements)
        self._patched = {module for one in statements for name in one.now.changed for module in self._modules(name)}
        self.made_with = self._made_with_the_answer()

    def statements(self) -> set[Statement]:
        """Return the statements that may change what the answer needs."""
        mentioned = {one: self._shared(one) for one in self._statements if self._may_matter(one)}
        found = {one for one in mentioned if self._reaches_all(one) or self.tries(one)}
        names = self._with_state(self._reached({self._answer})) - {self._answer}
        names |= set().union(*(mentioned[one] for one in found))
        while more := {one for one, shared in mentioned.items() if one not in found and names & shared}:
            found |= more
            names |= set().union(*(mentioned[one] for one in more))
        return found

    def _may_matter(self, one: Statement) -> bool:
        if one.cannot or one in self.made_with or _only_defines(one.node) or self._shows(one):
            return False
        return not self.tries(one) or self._keeps_the_answer(one)

    def _shows(self, one: Statement) -> bool:
        return any(SHOWING & self._modules(name) for name in self._reached(one.now.uses))

    # Names

    def _reached(self, names: Iterable[str]) -> set[str]:
        """Return these names, and those that the functions and classes among them use."""
        found, todo = set(names), list(names)
        while todo:
            defining = (one for one in self._by_name.get(todo.pop(), ()) if _defines(one.node))
            used = {use for one in defining for use in one.now.uses | one.later.uses} - found
            found |= used
            todo += used
        return found

    def _shared(self, one: Statement) -> set[str]:
        return self._with_state(self._reached(one.now.uses | one.binds.keys()))

    def _with_state(self, names: Iterable[str]) -> set[str]:
        """Return those of the names that stand for something that can change; `<os>` for a module."""
        found = {f"<{module}>" for name in names for module in self._modules(name) if self._is_shared(module)}
        return found | {
            name
            for name in names
            for one in self._by_name.get(name, ())
            if one.binds[name] in ("data", "class") or (one.binds[name] == "definition" and _keeps_something(one.node))
        }

    def _is_shared(self, module: str) -> bool:
        return has_state(module) or module in self._patched

    def _modules(self, name: str) -> set[str]:
        """Return the top-level modules that a name is imported from; a module of `os.path` is one of `os`."""
        return {one.imports[name].partition(".")[0] for one in self._by_name.get(name, ()) if name in one.imports}

    def _reaches_all(self, one: Statement) -> bool:
        names = self._reached(one.now.uses)
        modules = {module for name in names for module in self._modules(name)}
        return bool(names & ANY_NAME or modules & ANY_MODULE) or any(
            isinstance(part, ast.Attribute) and part.attr in ANY_ATTRIBUTE for part in ast.walk(one.node or ast.Pass())
        )

    # Statements that try the answer out

    def tries(self, one: Statement) -> bool:
        """Return whether a statement uses the answer."""
        return self._answer in self._reached(one.now.uses)

    def _made_with_the_answer(self) -> set[Statement]:
        """Return the statements that use what was made with the answer, or by a statement that cannot run."""
        made: set[str] = set()
        found = set()
        for one in self._statements:
            is_made = not made.isdisjoint(self._reached(one.now.uses))
            made -= one.kills
            if is_made or one.cannot or self.tries(one) or self._shows(one):
                made |= one.binds.keys() - {self._answer}
            if is_made:
                found.add(one)
        return found

    def _keeps_the_answer(self, one: Statement) -> bool:
        """Return whether a statement hands the answer to functions that do not call it, such as `register(answer)`."""
        match one.node:
            case ast.ClassDef(bases=bases):
                return any(isinstance(base, ast.Name) and base.id == self._answer for base in bases)
            case ast.Expr(value=ast.Call(func=function, args=given)):
                name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
                places = [at for at, part in enumerate(given) if getattr(part, "id", "") == self._answer]
                called = list(self._definitions(name))
                return bool(places and called) and not any(self._calls(node, at) for node in called for at in places)
        return False

    def _definitions(self, name: str) -> Iterable[ast.FunctionDef | ast.AsyncFunctionDef]:
        for one in self._statements:
            parts = ast.walk(one.node) if isinstance(one.node, (*FUNCTIONS, ast.ClassDef)) else ()
            yield from (part for part in parts if isinstance(part, FUNCTIONS) and part.name == name)

    def _calls(self, node: ast.FunctionDef | ast.AsyncFunctionDef, place: int) -> bool:
        """Return whether a function calls the answer, which it gets in this place, or hands it on."""
        parameters = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
        is_method = bool(parameters) and parameters[0] in ("self", "s", "cls")
        given = {self._answer, *parameters[place + is_method : place + is_method + 1]}
        for call in (part for part in ast.walk(node) if isinstance(part, ast.Call)):
            is_kept = isinstance(call.func, ast.Attribute) and changes_itself(call.func.attr)
            inside = [call.func] if is_kept else [call]
            if any(isinstance(name, ast.Name) and name.id in given for part in inside for name in ast.walk(part)):
                return True
        return False


def _defines(node: ast.stmt | None) -> bool:
    return any(isinstance(one, (*FUNCTIONS, ast.ClassDef, ast.Lambda)) for one in ast.walk(node or ast.Pass()))


def _only_defines(node: ast.stmt | None) -> bool:
    """Return whether a statement only imports, or defines a function or class that nothing else can keep."""
    match node:
        case ast.Import() | ast.ImportFrom() | None:
            return True
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return not node.decorator_list
        case ast.ClassDef():
            return not (node.decorator_list or node.bases or node.keywords)
    return False


def _keeps_something(node: ast.stmt | None) -> bool:
    """Return whether a function may hold objects: by its decorators, or as default values."""
    return any(
        isinstance(one, FUNCTIONS) and bool(one.decorator_list or one.args.defaults or one.args.kw_defaults)
        for one in ast.walk(node or ast.Pass())
    )

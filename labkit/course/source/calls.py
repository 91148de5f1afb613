"""What a call does to names, as far as its own text tells."""

import ast
import contextlib
from collections.abc import Iterator

from labkit.course.source.effects import FILES, READ_FILES, WRITE_FILES
from labkit.course.source.names import BUILT_IN_TYPES, READERS, SPREAD, arguments_of, changes_itself
from labkit.course.source.scopes import Scopes
from labkit.course.source.statement import ANYWHERE


class Calls(Scopes):
    """A visitor that records what calls do."""

    def __init__(self, text: str, node: ast.stmt) -> None:
        super().__init__(text, node)
        self._given_to: dict[int, set[str]] = {}  # what a lambda may be called with

    def _ask(self, node: ast.AST | None, *methods: str) -> None:
        """Record that an expression's objects are asked for these methods or properties."""
        self._facts.asked |= {(root, method) for root in self._roots(node) for method in methods}

    def _alter(self, target: ast.AST) -> None:
        """Record that an object is changed itself; what is in a named one is known by that name only."""
        facts = self._facts
        (facts.altered if isinstance(target, ast.Name) else facts.changed).update(self._roots(target))

    def visit_Call(self, node: ast.Call) -> None:  # noqa: N802
        """Record what is called, and with what."""
        self._called(node.func)
        path, places = self._path(node.func), list(self._places(node))
        if isinstance(node.func, ast.Attribute):
            self._call_method(node.func, node, places)
        callbacks = {self._key(one.id) for one in arguments_of(node) if isinstance(one, ast.Name)}
        self._facts.given |= callbacks
        self._facts.passed |= {(one, ANYWHERE, root) for one in callbacks for _, root in places if one != root}
        if path:
            self._facts.paths.add(path)
            self._facts.passed |= {(path, place, root) for place, root in places}
        elif not isinstance(node.func, ast.Attribute):
            self._facts.touched |= {root for _, root in places} | self._roots(node.func)
        for one in (one for one in node.args if isinstance(one, ast.Lambda)):
            self._given_to[id(one)] = {root for _, root in places}
        first, others = self._roots_of(arguments_of(node)[:1]), self._roots_of(arguments_of(node)[1:])
        if path or isinstance(node.func, ast.Attribute):
            self.made.stores |= {(path, name, root) for name in first for root in others}
        self._special(path.rpartition(".")[2], node)
        self.generic_visit(node)

    def _places(self, node: ast.Call) -> Iterator[tuple[str, str]]:
        """Yield the place and a name of each argument."""
        is_spread = any(isinstance(one, ast.Starred) for one in node.args)
        for place, one in enumerate(node.args):
            yield from ((ANYWHERE if is_spread else str(place), root) for root in self._roots(one))
        for keyword in node.keywords:
            yield from ((keyword.arg or ANYWHERE, root) for root in self._roots(keyword.value))

    def _call_method(self, function: ast.Attribute, node: ast.Call, places: list[tuple[str, str]]) -> None:
        given, owners = arguments_of(node), self._roots(function.value) or {""}
        is_unbound = getattr(function.value, "id", "") in BUILT_IN_TYPES
        if given and is_unbound and (changes_itself(function.attr) or function.attr.startswith("__set")):
            self._alter(given[0])
        if changes_itself(function.attr) and owners != {""}:
            self._hold(owners, given, "content" if function.attr in SPREAD else "into")
        self._hold_perhaps(owners, node)
        self._facts.handed |= {(function.attr, owner, place, root) for owner in owners for place, root in places}

    def _special(self, name: str, node: ast.Call) -> None:
        """Record what a call does besides: it writes a file, runs a text, prints into an object."""
        function = node.func.attr if isinstance(node.func, ast.Attribute) else name
        mode = [
            one.value
            for one in [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "mode")]
            if isinstance(one, ast.Constant)
        ]
        if function in WRITE_FILES or (function == "open" and any(set("wax+") & set(str(one)) for one in mode)):
            self._facts.changed.add(FILES)
        elif function in READ_FILES:
            self._facts.uses.add(FILES)
        if name in ("exec", "eval"):
            self._run(node)
        for keyword in node.keywords:
            if keyword.arg in ("file", "out", "buffer", "stream", "memo"):
                self._alter(keyword.value)
        text = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        if name in ("patch", "object") and isinstance(text, str):
            self._facts.changed.add(f"<{text.partition('.')[0]}>")
        if name == "type":
            self.made.makes.add((ANYWHERE, "class"))
        if name == "type" and len(node.args) == 3:
            self._facts.touched |= self._roots(node.args[1])

    def _run(self, node: ast.Call) -> None:
        """Read the text that `exec` or `eval` runs."""
        text = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        if not isinstance(text, str):
            self._facts.called.add("exec")
            return
        with contextlib.suppress(SyntaxError, ValueError):
            self._visit_all(ast.parse(text).body)

    def _called(self, function: ast.expr) -> None:
        """Record that a function is called, also as a decorator or as the base of a class."""
        if isinstance(function, ast.Name):
            self._facts.called |= {self._key(function.id)} - {"exec", "eval"}
        elif isinstance(function, ast.Attribute) and not (function.attr in READERS or changes_itself(function.attr)):
            self._facts.touched |= self._roots(function.value)
        elif isinstance(function, ast.Subscript):
            self._facts.called |= self._roots(function.value)

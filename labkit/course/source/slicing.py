"""The top-level statements that an answer needs, in their order.

Working from the last statement back to the first, a statement is taken if it binds or changes a name that is needed
after it; the names that it uses are then needed before it. Names that functions use are needed at the end, because the
functions may be called then. A call of the answer, or of a function that uses it, only tries it out: its changes do not
count.
"""

import ast
import builtins
from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

from labkit.course.source import ipython
from labkit.course.source.names import NAMESPACES
from labkit.course.source.reader import read
from labkit.course.source.statement import Facts, Statement, closed
from labkit.course.source.text import NoSource, lines

STAR = "*"
GIVEN = frozenset(dir(builtins)) - {"display", ipython.NEEDED}  # which only a kernel has
SHOW = "display = print"


def needed(texts: Iterable[str], name: str, held: Container[str] = ()) -> str:
    """Return the program of the statements in the texts that `name` needs; `held`: the names in the kernel.

    A text with a syntax error is included whole if it seems to define a needed name, so that the judge reports the
    error. Raises NoSource for a needed statement that cannot run outside the notebook.
    """
    statements, hidden = _read(texts, name)
    is_kernel = bool(held)
    slicing = _Slicing(statements, name)
    taken = slicing.taken()
    used = {name}.union(*(one.now.uses | one.later.uses for one in taken))
    for one in taken:
        if one.cannot:
            raise NoSource(_refusal(one, used & (set(one.binds) | slicing.changed[one])))
    if slicing.is_open:  # a name that seems to be missing may come from there
        hidden, held = [one for one in hidden if not one.shown], ()
    missing = list(_missing(sorted(used - slicing.bound - GIVEN), hidden, held))
    futures = [one.text for one in statements if _is_future(one)]
    others = [one for one in statements if one in taken and not _is_future(one)]
    parts = [_tolerant(one) if _may_fail(one, used, is_kernel) else one.text for one in others]
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
    """Whether the program continues when this statement fails.

    In a kernel a change may have failed and been corrected in a later cell; the history has both. In a notebook only a
    call of an unknown method may fail, because it may only try something out.
    """
    is_change = one.node is not None and (used.isdisjoint(one.binds) or isinstance(one.node, ast.AugAssign))
    return is_change and (is_kernel or used.isdisjoint(one.now.changed))


def _tolerant(one: Statement) -> str:
    """Return the statement inside a `try` that prints its error."""
    shown = "print(f'{type(__error__).__name__}: {__error__}')"
    whole = ast.parse(f"try:\n    pass\nexcept Exception as __error__:\n    {shown}")
    guard = whole.body[0]
    assert isinstance(guard, ast.Try) and one.node is not None
    guard.body = [one.node]
    return ast.unparse(whole)


def _missing(names: list[str], hidden: list["_Hidden"], held: Container[str]) -> Iterator[str]:
    """Yield other texts that define these names, such as one with a syntax error. Raises NoSource."""
    for name in names:
        texts = [one for one in reversed(hidden) if ipython.seems_to_define(name, one.text)]
        if name == "display":
            yield SHOW
        elif texts and not texts[0].shown:
            yield texts[0].text
        elif texts:
            line = texts[0].shown
            raise NoSource(f"`{line}` hides the code that defines {name}; remove that line, and run the cell again")
        elif name == ipython.NEEDED:
            raise NoSource(f"the answer needs {name}, which only a notebook has; do without it")
        elif name in held and not name.startswith("__"):
            raise NoSource(
                f"the answer needs {name}, and no top-level statement of a cell sets it, so it would be gone after a "
                f"restart; define {name} in a cell"
            )
        elif line := next((one.shown for one in hidden if one.may_define), ""):
            raise NoSource(f"the answer needs {name}, which only `{line}` can have set; define {name} in a cell")


class _Hidden(NamedTuple):
    """A text that does not run as Python in the notebook's namespace: a magic's, or one with a syntax error."""

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
        else:
            yield read(_text(text, node), node)


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


class _Slicing:
    def __init__(self, statements: list[Statement], answer: str) -> None:
        self._statements = statements
        self._answer = answer
        self._by_name: dict[str, list[Statement]] = {}
        for one in statements:
            for name in one.binds:
                self._by_name.setdefault(name, []).append(one)
        self._data = self._of_kind("data")
        self._classes = self._of_kind("class")
        self._imports = self._of_kind("import")
        every = {pair for one in statements for pair in one.aliases if all(map(self._is_followed, pair))}
        self._aliases = every | {(other, name) for name, other in every if self._is_plain(other)}
        self.changed = {one: self._changes(one) for one in statements}
        self.is_open = any(self._is_open(one) for one in statements)

    @property
    def bound(self) -> set[str]:
        """The names that any statement binds."""
        return set(self._by_name)

    def _is_followed(self, name: str) -> bool:
        """Whether to follow the objects of this name: not those of functions, nor what imported functions return."""
        if name.endswith(".()"):
            return name.removesuffix(".()") in self._data
        if name.endswith("()"):
            return name.removesuffix("()") in self._by_name.keys() - self._data - self._imports
        return name in self._data | self._classes | self._imports

    def _is_plain(self, name: str) -> bool:
        """Whether it is not a module, function or class: their objects do not share state with what they return."""
        return name in self._data or name.endswith("()")

    def _of_kind(self, kind: str) -> set[str]:
        return {name for one in self._statements for name, other in one.binds.items() if other == kind}

    def taken(self) -> set[Statement]:
        """Return the statements that the answer needs."""
        at_the_end = {self._answer}
        while True:
            taken, later = self._backwards(at_the_end)
            if later <= at_the_end:
                return taken
            at_the_end |= later

    def _backwards(self, at_the_end: set[str]) -> tuple[set[Statement], set[str]]:
        live, later, taken = set(at_the_end), set[str](), set[Statement]()
        for one in reversed(self._statements):
            if not self._is_open(one) and live.isdisjoint(one.binds) and live.isdisjoint(self.changed[one]):
                continue
            taken.add(one)
            live -= one.kills
            live |= self._reached(one.now.uses)
            later |= one.later.uses
        return taken, later

    def _reached(self, names: Iterable[str]) -> set[str]:
        """Return the names, and the names that the functions among them use."""
        found, todo = set(names), list(names)
        while todo:
            used = {use for one in self._by_name.get(todo.pop(), ()) for use in one.later.uses} - found
            found |= used
            todo += used
        return found

    def _is_open(self, one: Statement) -> bool:
        """Whether it may bind any name, like a star import."""
        if STAR in one.binds:
            return True
        is_written = "exec" in one.now.called or not NAMESPACES.isdisjoint(self.changed[one])
        return is_written and not self._tries(one) and not one.cannot

    def _tries(self, one: Statement) -> bool:
        """Whether a statement only tries the answer out."""
        return self._answer in self._reached(one.now.uses)

    def _changes(self, one: Statement) -> set[str]:
        """Return the names whose objects a statement changes when it runs."""
        surely = self._followed(one.now.changed)
        if self._tries(one):
            return surely
        bases = {base for base in one.now.called & self._classes if set(one.binds) & self._classes}
        return surely | bases | self._in_touch(one.now) | self._by_calls(one.now, set())

    def _in_touch(self, facts: Facts) -> set[str]:
        """Return what unknown methods may change: the objects that they are called on, also through a variable."""
        found = self._followed(facts.touched) | (self._followed(facts.called) - facts.called)
        return found & (self._data | self._classes) - {self._answer}

    def _by_calls(self, facts: Facts, seen: set[str]) -> set[str]:
        """Return what the functions change that a piece of code calls."""
        found: set[str] = set()
        for function in facts.called - seen:
            seen.add(function)
            for one in self._by_name.get(function, ()):
                found |= self._followed(one.later.changed) | self._in_touch(one.later)
                found |= self._by_calls(one.later, seen)
                if one.changes_arguments:
                    found |= self._followed({root for callee, root in facts.passed if callee == function})
        return found

    def _followed(self, names: set[str]) -> set[str]:
        return closed(names, self._aliases)

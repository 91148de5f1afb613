"""Find the top-level statements that a name needs, from what each of them changes and through which other names.

Statements are visited from last to first. A statement is taken if it binds or changes a name that is needed after it;
the names that it uses are then needed before it. Names that functions use are needed at the end, because the functions
may be called then.

A call of the answer, or of a function that uses the answer, only tries it out, so its changes do not count.
"""

from collections.abc import Iterable

from labkit.course.source.names import NAMESPACES
from labkit.course.source.statement import Facts, Statement, closed

STAR = "*"


class Slice:
    """The statements of a program that one of its names needs."""

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
        self._aliases = self._both_ways(every)
        every |= {pair for one in statements for pair in one.perhaps if all(map(self._is_followed, pair))}
        self._wide = self._both_ways(every)
        self._holders = {pair for one in statements for pair in one.aliases | one.perhaps}
        self._changing = self._change_arguments()
        self.changed = {one: self._changes(one) for one in statements}
        self.is_open = any(self._is_open(one) for one in statements)

    @property
    def bound(self) -> set[str]:
        """The names bound by any statement."""
        return set(self._by_name)

    def _both_ways(self, pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
        return pairs | {(other, name) for name, other in pairs if self._is_plain(other)}

    def _change_arguments(self) -> set[str]:
        """The functions that change their arguments, directly or through another function."""
        found = {name for one in self._statements if one.changes_arguments for name in one.binds}
        while True:
            more = {name for one in self._statements if self._hands_on(one, found) for name in one.binds} - found
            if not more:
                return found
            found |= more

    def _hands_on(self, one: Statement, changing: set[str]) -> bool:
        return any(function in changing and root in one.parameters for function, root in one.later.passed)

    def _is_followed(self, name: str) -> bool:
        """Whether to follow the objects with this name.

        Functions, and values that imported functions return, are not followed.
        """
        if name.endswith(".()"):
            return name.removesuffix(".()") in self._data
        if name.endswith("()"):
            return name.removesuffix("()") in self._by_name.keys() - self._data - self._imports
        return name in self._data | self._classes | self._imports

    def _is_plain(self, name: str) -> bool:
        """Whether a name stands for plain data rather than for a module, function or class."""
        return name in self._data or name.endswith("()")

    def _of_kind(self, kind: str) -> set[str]:
        return {name for one in self._statements for name, other in one.binds.items() if other == kind}

    def taken(self) -> set[Statement]:
        """The statements that the answer needs."""
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
        """These names, and the names that functions among them use."""
        found, todo = set(names), list(names)
        while todo:
            used = {use for one in self._by_name.get(todo.pop(), ()) for use in one.later.uses} - found
            found |= used
            todo += used
        return found

    def _is_open(self, one: Statement) -> bool:
        """Whether a statement may bind any name, as a star import does."""
        if STAR in one.binds:
            return True
        is_written = "exec" in one.now.called or not NAMESPACES.isdisjoint(self.changed[one])
        return is_written and not self._tries(one) and not one.cannot

    def _tries(self, one: Statement) -> bool:
        """Whether a statement tries the answer out."""
        return self._answer in self._reached(one.now.uses)

    def _changes(self, one: Statement) -> set[str]:
        """The names of the objects that a statement changes when it runs."""
        if self._tries(one):
            return closed(one.now.changed, self._aliases)
        bases = {base for base in one.now.called & self._classes if set(one.binds) & self._classes}
        aliases = self._aliases if one.cannot else self._wide  # a guess is no reason to refuse an answer
        surely = bases | closed(one.now.changed, aliases)
        return surely | self._in_touch(one.now, aliases) | self._by_calls(one.now, set(), aliases)

    def _in_touch(self, facts: Facts, aliases: set[tuple[str, str]]) -> set[str]:
        """What unknown methods may change: the objects they are called on, or the owner of a stored method."""
        found = closed(facts.touched, aliases) | (closed(facts.called, aliases) - (facts.called - self._data))
        return found & (self._data | self._classes) - {self._answer}

    def _by_calls(self, facts: Facts, seen: set[str], aliases: set[tuple[str, str]]) -> set[str]:
        """The changes made by functions that a piece of code calls or may call."""
        found: set[str] = set()
        objects = {name.removesuffix("()") for name in closed(facts.touched, aliases)} & self._classes
        held = set() if aliases is self._aliases else closed(facts.touched | facts.called, self._holders) | facts.given
        for function in (facts.called | objects | held - self._classes) - seen:
            seen.add(function)
            for one in self._by_name.get(function, ()):
                found |= closed(one.later.changed, aliases) | self._in_touch(one.later, aliases)
                found |= self._by_calls(one.later, seen, aliases)
                if function in self._changing:
                    found |= closed({root for callee, root in facts.passed if callee == function}, aliases)
        return found

"""Which statements at the top level one name needs: what each of them changes, and through which other names.

From the last statement back to the first, a statement is taken when it binds or changes a name that is needed after
it; what it uses is then needed before it. What functions use is needed at the end, as they may be called then.

A statement that uses the answer, or something made with it, tries it out: it counts for what its own code changes, and
for what a function does that only keeps the answer.
"""

from collections.abc import Iterable

from labkit.course.source.names import NAMESPACES
from labkit.course.source.objects import Objects
from labkit.course.source.statement import Links, Statement

STAR = "*"


class Slice:
    """The statements of a program that one name of it needs."""

    def __init__(self, statements: list[Statement], answer: str) -> None:
        self._statements = statements
        self._answer = answer
        self._objects = Objects(statements, answer)
        self._by_name = self._objects.by_name
        self._executing = self._execute()
        self._own = {one for one in statements if self._answer in self._reached(one.now.uses)}
        self._made_with = self._made_with_the_answer()
        self._kept = {one: self._kept_by(one) for one in self._own}
        self.changed = {one: self._changes(one) for one in statements}
        self.is_open = any(self._is_open(one) for one in statements)

    @property
    def bound(self) -> set[str]:
        """The names that some statement binds."""
        return set(self._by_name)

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
            changes = self._tried(one) if self._tries(one, live) else self.changed[one]
            if not self._is_open(one) and live.isdisjoint(one.binds) and live.isdisjoint(changes):
                continue
            taken.add(one)
            live -= one.kills
            live |= self._reached(one.now.uses)
            later |= one.later.uses
        return taken, later

    def _reached(self, names: Iterable[str]) -> set[str]:
        """The names, and what the functions among them use."""
        found, todo = set(names), list(names)
        while todo:
            used = {use for one in self._by_name.get(todo.pop(), ()) for use in one.later.uses} - found
            found |= used
            todo += used
        return found

    # Statements that run a text, or set names by their text

    def _execute(self) -> set[str]:
        """Return the names whose call runs a text that is not known."""
        found = {"exec"}
        links = Links({(*pair, "any") for pair in self._objects.raw}, lambda pair: False)
        while True:
            more = {
                name
                for one in self._statements
                for name in one.binds
                if found & one.later.called
                or (one.binds[name] == "data" and {"exec", "eval"} & links.closed({name}))
                or one.imports.get(name) in ("builtins.exec", "builtins.eval")
            }
            if more <= found:
                return found
            found |= more

    def _is_open(self, one: Statement) -> bool:
        """Whether it may bind any name, as a star import does."""
        if STAR in one.binds:
            return True
        is_written = bool(self._executing & one.now.called) or not NAMESPACES.isdisjoint(self.changed[one])
        return is_written and one not in self._own

    # Statements that try the answer out

    def _made_with_the_answer(self) -> dict[Statement, set[str]]:
        """For each statement the names it uses that were made with the answer."""
        made: set[str] = set()
        found = {}
        for one in self._statements:
            found[one] = made & self._reached(one.now.uses)
            made -= one.kills
            if one in self._own or found[one]:
                made |= one.binds.keys() - {self._answer}
        return found

    def _tries(self, one: Statement, live: set[str]) -> bool:
        """Whether a statement tries out the answer, or something made with it that the answer does not need."""
        return one in self._own or bool(self._made_with[one] - live)

    def _tried(self, one: Statement) -> set[str]:
        found = self._objects.surely.closed(one.now.changed) | self._objects.surely.altered(one.now.altered)
        return found | self._kept.get(one, set())

    def _kept_by(self, one: Statement) -> set[str]:
        """What functions change that are given the answer, and neither call it nor what they are given."""
        given = {path for path, _, root in one.now.passed if root == self._answer}
        given |= {f".{method}" for method, _, _, root in one.now.handed if root == self._answer}
        found: set[str] = set()
        for facts, parameters in (pair for path in given for pair in self._objects.functions(path)):
            is_used = parameters.keys() & (facts.called | facts.touched) or self._answer in self._reached(facts.uses)
            if not is_used:
                found |= self._objects.changes(facts, self._objects.wide)
        if "__init_subclass__" in self._objects.effectful and self._answer in one.now.called and one.binds:
            found.add(self._answer)
        return found | self._set_by(one)

    def _set_by(self, one: Statement) -> set[str]:
        """The answer, if a function that does not call it sets something of it."""
        given = [(path, place) for path, place, root in one.now.passed if root == self._answer]
        is_set = any(self._objects.sets(path, place) for path, place in given)
        is_called = any(
            self._answer in self._reached(facts.uses) or keys.keys() & facts.called
            for path, _ in given
            for facts, keys in self._objects.functions(path)
        )
        return {self._answer} if is_set and not is_called else set()

    def _changes(self, one: Statement) -> set[str]:
        """The names whose objects a statement changes when it runs."""
        if one in self._own:
            return self._tried(one)
        aliases = self._objects.surely if one.cannot else self._objects.wide  # a guess is no reason to refuse
        bases = self._objects.classes & one.now.called if self._objects.classes & one.binds.keys() else set()
        return bases | self._objects.changes(one.now, aliases)

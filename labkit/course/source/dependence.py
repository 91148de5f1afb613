"""Find the top-level statements that a name needs, from what each of them changes and through which other names.

What is found here must run, or the answer gets no verdict; `nearby` finds what may matter besides.

Statements are visited from last to first. A statement is taken if it binds or changes a name that is needed after it;
the names that it uses are then needed before it. Names that functions use are needed at the end, because the functions
may be called then.

A call of the answer, or of a function that uses the answer, only tries it out, so its changes do not count.
"""

from collections.abc import Iterable, Iterator

from labkit.course.source.names import NAMESPACES
from labkit.course.source.nearby import Nearby, has_state
from labkit.course.source.statement import ANY_PLACE, Facts, Links, Statement, by_name

STAR = "*"


class Slice:
    """The statements of a program that one of its names needs."""

    def __init__(self, statements: list[Statement], answer: str) -> None:
        self._statements = statements
        self._answer = answer
        self._by_name = by_name(statements)
        self._data = self._of_kind("data")
        self._classes = self._of_kind("class")
        self._imports = self._of_kind("import")
        every = {pair for one in statements for pair in one.aliases if all(map(self._is_followed, pair))}
        self._surely = Links(self._both_ways(every))
        every |= {pair for one in statements for pair in one.perhaps if all(map(self._is_followed, pair))}
        self._wide = Links(self._both_ways(every))
        self._holders = Links(pair for one in statements for pair in one.aliases | one.perhaps)
        self._changing = self._change_arguments()
        nearby = Nearby(statements, answer)
        self._guessed = nearby.made_with
        self.changed = {one: self._changes(one) for one in statements}
        self.is_open = any(self._is_open(one) for one in statements)
        self._nearby = nearby.statements()

    @property
    def bound(self) -> set[str]:
        """The names bound by any statement."""
        return set(self._by_name)

    def _both_ways(self, pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
        return pairs | {(other, name) for name, other in pairs if self._is_plain(other)}

    def _change_arguments(self) -> dict[str, set[str]]:
        """Return the places of the arguments that functions change, directly or through another function."""
        found: dict[str, set[str]] = {name: set() for one in self._statements if one.parameters for name in one.binds}
        is_growing = True
        while is_growing:
            is_growing = False
            for one in self._statements:
                places = set().union(*(one.parameters.get(key, ()) for key in self._changed_by(one, found)))
                for name in one.binds.keys() & found.keys():
                    is_growing = is_growing or not places <= found[name]
                    found[name] |= places
        return found

    def _changed_by(self, one: Statement, found: dict[str, set[str]]) -> set[str]:
        """Return the names that functions in a statement change, as far as is known of those that they call."""
        facts = one.later
        return facts.changed | facts.touched | set(self._changed_arguments(facts, found))

    def _changed_arguments(self, facts: Facts, changing: dict[str, set[str]]) -> Iterator[str]:
        for function, place, root in facts.passed:
            places = changing.get(function, set())
            if place in places or (places and ANY_PLACE in places | {place}):
                yield root

    def _is_followed(self, name: str) -> bool:
        """Whether to follow the objects with this name.

        Functions, and values that imported functions return, are not followed.
        """
        if name.endswith(".()"):
            return name.removesuffix(".()") in self._data
        if name.endswith("()"):
            return name.removesuffix("()") in self._by_name.keys() - self._data - self._imports
        if name in self._imports:
            return any(has_state(one.imports[name]) for one in self._by_name[name] if name in one.imports)
        return name in self._data | self._classes

    def _is_plain(self, name: str) -> bool:
        """Whether a name stands for plain data rather than for a module, function or class."""
        return name in self._data or name.endswith("()")

    def _of_kind(self, kind: str) -> set[str]:
        return {name for one in self._statements for name, other in one.binds.items() if other == kind}

    def needed(self) -> set[Statement]:
        """Return the statements that the answer needs."""
        return self._taken(set())

    def taken(self) -> set[Statement]:
        """Return the same and those that are nearby, which may change what it needs."""
        return self._taken(self._nearby)

    def _taken(self, others: set[Statement]) -> set[Statement]:
        at_the_end = {self._answer}
        while True:
            taken, later = self._backwards(at_the_end, others)
            if later <= at_the_end:
                return taken
            at_the_end |= later

    def _backwards(self, at_the_end: set[str], others: set[Statement]) -> tuple[set[Statement], set[str]]:
        live, later, taken = set(at_the_end), set[str](), set[Statement]()
        for one in reversed(self._statements):
            is_needed = not live.isdisjoint(one.binds) or not live.isdisjoint(self.changed[one])
            if not (is_needed or self._is_open(one) or one in others):
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
            return self._surely.closed(one.now.changed)
        is_guess_enough = not (one.cannot or one in self._guessed)  # a guess is no reason to refuse an answer
        links = self._wide if is_guess_enough else self._surely
        bases = {base for base in one.now.called & self._classes if set(one.binds) & self._classes}
        called = [other.later for name in self._called(one.now, links) for other in self._by_name.get(name, ())]
        if one.cannot:
            bases |= {given for owner, given in one.perhaps if owner in self._imports and self._is_followed(owner)}
        return bases.union(*(self._changed_by_code(facts, links) for facts in (one.now, *called)))

    def _changed_by_code(self, facts: Facts, links: Links) -> set[str]:
        changed = facts.changed | set(self._changed_arguments(facts, self._changing))
        return links.closed(changed) | self._in_touch(facts, links)

    def _in_touch(self, facts: Facts, links: Links) -> set[str]:
        """What unknown methods may change: the objects they are called on, or the owner of a stored method."""
        found = links.closed(facts.touched) | (links.closed(facts.called) - (facts.called - self._data))
        return found & (self._data | self._classes) - {self._answer}

    def _called(self, facts: Facts, links: Links) -> set[str]:
        """The functions and classes that a piece of code calls or may call, directly or through others."""
        found, todo = set[str](), [facts]
        while todo:
            new = self._called_directly(todo.pop(), links) - found
            found |= new
            todo += [one.later for name in new for one in self._by_name.get(name, ())]
        return found

    def _called_directly(self, facts: Facts, links: Links) -> set[str]:
        objects = {name.removesuffix("()") for name in links.closed(facts.touched)} & self._classes
        if links is self._surely:
            return facts.called | objects
        held = self._holders.closed(facts.touched | facts.called) | facts.given
        return facts.called | objects | held - self._classes

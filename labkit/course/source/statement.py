"""What one top-level statement binds, changes and uses, and what the functions that it defines do later.

A top-level name stands for itself. A name that is local to a function or a comprehension is `NUMBER:NAME`, and matters
only for the objects that it may hold. `f()` is what the function f returns, `x.()` what a method of x returns, `<m>`
the state of the module m.
"""

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["data", "definition", "class", "import"]
How = Literal["same", "into", "item", "content", "any"]
Pair = tuple[str, str, How]  # a name, another, and how it may hold its object: as it is, inside, as an item of it,
# with the same items, or in any way
ANYWHERE = "*"  # the place of an argument that may be any


@dataclass(slots=True)
class Facts:
    """What a piece of code does to names. `touched`: an unknown method of it, or of its items, is called."""

    uses: set[str] = field(default_factory=set)
    altered: set[str] = field(default_factory=set)  # itself: an item or attribute of it is set
    changed: set[str] = field(default_factory=set)  # it, or something in it
    touched: set[str] = field(default_factory=set)
    asked: set[tuple[str, str]] = field(default_factory=set)  # a name, and the method or property that is asked
    called: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)  # of what is called, such as `os.path.join`
    passed: set[tuple[str, str, str]] = field(default_factory=set)  # such a path, an argument's place, its name
    handed: set[tuple[str, str, str, str]] = field(default_factory=set)  # the same for a method, and what it belongs to
    given: set[str] = field(default_factory=set)  # to a call, which may call it

    def include(self, other: "Facts") -> None:
        """Add what other code does."""
        for name in self.__slots__:
            getattr(self, name).update(getattr(other, name))

    def follow(self, links: "Links") -> None:
        """Add the names whose objects the names here may hold."""
        self.altered, deep = links.sharing(self.altered)
        self.changed = links.closed(self.changed | deep)
        self.touched = links.closed(self.touched)
        self.called = links.closed(self.called)
        self.asked = {(name, asked) for root, asked in self.asked for name in links.near({root})}
        self.passed = {(path, place, name) for path, place, root in self.passed for name in links.near({root})}
        self.handed = {
            (method, owner, place, name)
            for method, receiver, place, root in self.handed
            for owner in links.near({receiver})
            for name in links.near({root})
        }


@dataclass(slots=True, eq=False)
class Statement:
    """A statement. `now`: what it does when it runs; `later`: what the functions that it defines do when called."""

    text: str
    node: ast.stmt | None
    now: Facts = field(default_factory=Facts)
    later: Facts = field(default_factory=Facts)
    methods: dict[str, Facts] = field(default_factory=dict)  # of the classes that it defines: part of `later`
    binds: dict[str, Kind] = field(default_factory=dict)
    kills: frozenset[str] = frozenset()
    imports: dict[str, str] = field(default_factory=dict)  # a name, and what it is called in its module
    aliases: set["Pair"] = field(default_factory=set)
    perhaps: set["Pair"] = field(default_factory=set)  # the same, through a method of something unknown
    stores: set[tuple[str, str, str]] = field(
        default_factory=set
    )  # a function, and two arguments: one may hold the other
    built: set[tuple[str, str, str]] = field(
        default_factory=set
    )  # a name, what it is made of, and the class or function
    stored: set[tuple[str, str]] = field(default_factory=set)  # a name that may hold it, and a parameter
    lambdas: set[str] = field(default_factory=set)
    keeps: set[str] = field(default_factory=set)  # classes that keep what they are given as it is
    makes: set[tuple[str, str]] = field(default_factory=set)  # a name, and what kind of object it may hold
    parameters: dict[str, frozenset[str]] = field(default_factory=dict)  # their places, by their names within
    is_decorated: bool = False  # by a function that may keep what it has returned, such as a cache
    cannot: str = ""  # why it cannot run in the answer's process


class Links:
    """Names that may share objects."""

    def __init__(self, pairs: Iterable[Pair], both_ways: Callable[[Pair], bool]) -> None:
        self._held: dict[str, set[str]] = {}
        self._nearby: dict[str, set[str]] = {}
        self._same: dict[str, set[str]] = {}
        self._around: dict[str, set[str]] = {}  # the names of what an object may be in
        for pair in pairs:
            name, other, how = pair
            self._add(name, other, how, ("item", "any"))
            if both_ways(pair):
                self._add(other, name, how, ("into", "any"))

    def _add(self, name: str, other: str, how: How, around: tuple[str, str]) -> None:
        self._held.setdefault(name, set()).add(other)
        if not name.endswith("()"):
            self._nearby.setdefault(name, set()).add(other)
        if how == "same":
            self._same.setdefault(name, set()).add(other)
        elif how in around:
            self._around.setdefault(name, set()).add(other)

    def closed(self, names: Iterable[str]) -> set[str]:
        """Return the names and all whose objects they may hold, directly or through others."""
        return _closed(names, self._held)

    def near(self, names: Iterable[str]) -> set[str]:
        """Return the same without going through what a call returns, which joins all methods of a class."""
        return _closed(names, self._nearby)

    def sharing(self, names: Iterable[str]) -> tuple[set[str], set[str]]:
        """Return the names of the same objects, and of what these may be in."""
        same = _closed(names, self._same)
        return same, set().union(*(self._around.get(name, set()) for name in same))

    def altered(self, names: Iterable[str]) -> set[str]:
        """Return the names of the same objects, and all that hold them."""
        same, around = self.sharing(names)
        return same | self.closed(around)


def _closed(names: Iterable[str], held: dict[str, set[str]]) -> set[str]:
    found = set(names)
    todo = list(found)
    while todo:
        new = held.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found

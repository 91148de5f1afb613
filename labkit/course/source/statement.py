"""What one top-level statement binds, changes and uses, and what the functions that it defines do later.

A top-level name stands for itself. A name that is local to a function or a comprehension is `NUMBER:NAME`, and matters
only for the objects that it may hold. `f()` is what the function f returns, `x.()` what a method of x returns, `<m>`
the state of the module m.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["data", "definition", "class", "import"]


@dataclass(slots=True)
class Facts:
    """What a piece of code does to names. `touched`: an unknown method of it, or of its items, is called."""

    uses: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    asked: set[tuple[str, str]] = field(default_factory=set)  # a name, and the method or property that is asked
    called: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)  # of what is called, such as `os.path.join`
    passed: set[tuple[str, str]] = field(default_factory=set)  # such a path, and the name of an argument
    first: set[tuple[str, str]] = field(default_factory=set)  # the same, for the first argument
    handed: set[tuple[str, str, str]] = field(default_factory=set)  # a method, what it belongs to, an argument
    given: set[str] = field(default_factory=set)  # to a call, which may call it

    def include(self, other: "Facts") -> None:
        """Add what other code does."""
        for name in self.__slots__:
            getattr(self, name).update(getattr(other, name))

    def follow(self, links: "Links") -> None:
        """Add the names whose objects the names here may hold."""
        self.changed = links.closed(self.changed)
        self.touched = links.closed(self.touched)
        self.asked = {(name, asked) for root, asked in self.asked for name in links.closed({root})}
        self.passed = {(path, name) for path, root in self.passed for name in links.closed({root})}
        self.first = {(path, name) for path, root in self.first for name in links.closed({root})}
        self.handed = {
            (method, owner, name)
            for method, receiver, root in self.handed
            for owner in links.closed({receiver})
            for name in links.closed({root})
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
    aliases: set[tuple[str, str]] = field(default_factory=set)  # a name, and another whose object it may hold
    items: set[tuple[str, str]] = field(default_factory=set)  # those of `aliases` that hold an item of the other
    perhaps: set[tuple[str, str]] = field(default_factory=set)  # the same, through a method of something unknown
    makes: set[tuple[str, str]] = field(default_factory=set)  # a name, and what kind of object it may hold
    parameters: frozenset[str] = frozenset()  # of what it defines
    is_decorated: bool = False  # by a function that may keep what it has returned, such as a cache
    cannot: str = ""  # why it cannot run in the answer's process


class Links:
    """Pairs of a name and another whose object it may hold."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._held: dict[str, set[str]] = {}
        for name, other in pairs:
            self._held.setdefault(name, set()).add(other)

    def closed(self, names: Iterable[str]) -> set[str]:
        """Return the names and all whose objects they may hold, directly or through others."""
        found = set(names)
        todo = list(found)
        while todo:
            new = self._held.get(todo.pop(), set()) - found
            found |= new
            todo += new
        return found

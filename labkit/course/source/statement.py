"""What a top-level statement binds, changes and uses, and what the functions that it defines may do later.

A top-level name stands for itself. A name that is local to a function or a comprehension is written `NUMBER:NAME`, and
matters only because of the objects that it may refer to. `f()` stands for the value that the function f returns, and
`x.()` for the value that a method of x returns.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["data", "definition", "class", "import"]
ANY_PLACE = "*"  # of an argument: otherwise its number or its keyword


@dataclass(slots=True)
class Facts:
    """What a piece of code does to names. `touched`: names on which, or on whose items, an unknown method is called."""

    uses: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    passed: set[tuple[str, str, str]] = field(default_factory=set)  # a function, an argument's place, its name
    given: set[str] = field(default_factory=set)  # to a call, which may call it

    def include(self, other: "Facts") -> None:
        """Add the facts about another piece of code."""
        self.uses |= other.uses
        self.changed |= other.changed
        self.touched |= other.touched
        self.called |= other.called
        self.passed |= other.passed
        self.given |= other.given


@dataclass(slots=True, eq=False)
class Statement:
    """A statement.

    `now`: what it does when it runs. `later`: what the functions that it defines do when they are called.
    """

    text: str
    node: ast.stmt | None
    now: Facts = field(default_factory=Facts)
    later: Facts = field(default_factory=Facts)
    binds: dict[str, Kind] = field(default_factory=dict)
    kills: frozenset[str] = frozenset()
    imports: dict[str, str] = field(default_factory=dict)  # a name, and the module that it is imported from
    aliases: set[tuple[str, str]] = field(
        default_factory=set
    )  # pairs of a name and another name whose object it may refer to
    perhaps: set[tuple[str, str]] = field(default_factory=set)  # the same, through a method of something unknown
    parameters: dict[str, frozenset[str]] = field(default_factory=dict)  # of what it defines: their places
    cannot: str = ""  # why it cannot run in the answer's process


def by_name(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    """Return the statements that bind each name, in their order."""
    found: dict[str, list[Statement]] = {}
    for one in statements:
        for name in one.binds:
            found.setdefault(name, []).append(one)
    return found


class Links:
    """Pairs of a name and another whose object it may refer to."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._held: dict[str, set[str]] = {}
        for name, other in pairs:
            self._held.setdefault(name, set()).add(other)
        self._closed: dict[str, set[str]] = {}

    def closed(self, names: Iterable[str]) -> set[str]:
        """Return these names, and all names whose objects they may refer to, directly or through others."""
        return set().union(*map(self._of_one, names))

    def _of_one(self, name: str) -> set[str]:
        if name not in self._closed:
            found, todo = {name}, [name]
            while todo:
                new = self._held.get(todo.pop(), set()) - found
                found |= new
                todo += new
            self._closed[name] = found
        return self._closed[name]

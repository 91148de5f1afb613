"""What the names of a program stand for: which of them may share objects, and what a piece of code does to these."""

from collections.abc import Iterator

from labkit.course.source import effects
from labkit.course.source.effects import CHANGES, FILES, ITEM, ITERATES, OPERATOR, OPERATORS, TOUCHES
from labkit.course.source.names import NAMESPACES, READERS, SENDERS, changes_itself
from labkit.course.source.statement import Facts, Links, Statement

_ITERATION = frozenset({"__iter__", "__next__", "__getitem__", "__len__", "__contains__", "__aiter__", "__anext__"})
_ANY_ATTRIBUTE = frozenset({"__getattr__", "__getattribute__", "__get__", "__set__", "__setattr__", "__delattr__"})
_OPERATORS = OPERATORS | {f"__i{name[2:]}" for name in OPERATORS}


class Objects:
    """The objects of a program by the names that may hold them."""

    def __init__(self, statements: list[Statement], answer: str) -> None:
        self._statements = statements
        self._answer = answer
        self.by_name: dict[str, list[Statement]] = {}
        for one in statements:
            for name in one.binds:
                self.by_name.setdefault(name, []).append(one)
        self._data = self._of_kind("data")
        self.classes = self._of_kind("class")
        self._imports = {name: path for one in statements for name, path in one.imports.items()}
        self._is_seeded = any(self._qualified(path) == "random.seed" for path in self._paths())
        self._kinds = self._made()
        self.raw = self._mutable({pair for one in statements for pair in one.aliases})
        surely = self._both_ways({pair for pair in self.raw if all(map(self._is_followed, pair))})
        guessed = {pair for one in statements for pair in one.perhaps if all(map(self._is_followed, pair))}
        self.surely = Links(surely)
        self.wide = Links(surely | self._both_ways(guessed))
        self._holders = Links({pair for one in statements for pair in one.aliases | one.perhaps})
        self._asking: dict[str, set[str]] = {}
        self._find_asking()
        self._effectful = {
            name for one in statements for name, facts in one.methods.items() if self._has_effect(one, facts)
        }

    # Which objects there are

    def _of_kind(self, kind: str) -> set[str]:
        return {name for one in self._statements for name, other in one.binds.items() if other == kind}

    def _paths(self) -> Iterator[str]:
        for one in self._statements:
            yield from one.now.paths | one.later.paths

    def _qualified(self, path: str) -> str:
        """Return what a function is called in its library; "" for one of no library."""
        base, dot, rest = path.partition(".")
        return f"{self._imports[base]}{dot}{rest}" if base in self._imports else ""

    def _made(self) -> dict[str, set[str]]:
        """What kinds of objects each name may hold: `box`, `nest`, `lib` or `default`; none: what cannot change."""
        found: dict[str, set[str]] = {}
        for name, kind in (pair for one in self._statements for pair in one.makes):
            path = kind.removeprefix("=")
            found.setdefault(name, set()).update({kind} if path == kind else self._kinds_of_call(path))
        return found

    def _kinds_of_call(self, path: str) -> set[str]:
        qualified = self._qualified(path)
        if qualified.endswith("defaultdict"):
            return {"nest", "default"}
        if qualified:
            scalar = effects.returns_scalars(qualified)
            return set() if scalar else {"nest"} if effects.returns_values(qualified) else {"lib"}
        return {"own"} if path in self.by_name else {"lib"}

    def _mutable(self, pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
        """Leave out pairs of which the other cannot change, or has no items that can."""
        items = {pair for one in self._statements for pair in one.items}
        while True:
            holding = {name for name, _ in pairs}
            fixed = self._data - holding - self._kinds.keys()
            flat = {name for name in self._data - holding if self._kinds.get(name, set()) <= {"box"}}
            gone = {pair for pair in pairs if pair[1] in fixed or (pair in items and pair[1] in flat)}
            if not gone:
                self._fixed = fixed
                return pairs
            pairs = pairs - gone

    def _both_ways(self, pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
        return pairs | {(other, name) for name, other in pairs if self._is_plain(other)}

    def _is_followed(self, name: str) -> bool:
        """Whether objects are followed that go by this name: not functions, nor what imported functions return."""
        if name in NAMESPACES or name[0] == "<":
            return True
        base = name.removesuffix("()").removesuffix(".")
        if base in self._imports:
            return base == name or self._imports[base].partition(".")[0] in effects.SHARED_MODULES
        if name.endswith(".()"):
            return base in self._data
        if name.endswith("()"):
            return base in self.by_name.keys() - self._data
        return name in self._data | self.classes

    def _is_plain(self, name: str) -> bool:
        """Whether it is no module, function or class: what these hold is not told by what was made of them."""
        return name in self._data or (name.endswith("()") and name.rstrip(".()") not in self._imports)

    # What code does to them

    def functions(self, path: str) -> Iterator[tuple[Facts, frozenset[str]]]:
        """Yield what the functions do that go by a name, or the methods by `.NAME`, and their parameters."""
        for one in self._statements if path[0] == "." else self.by_name.get(path, ()):
            facts = one.methods.get(path[1:]) if path[0] == "." else one.later
            if facts is not None and (one.parameters or path[0] == "."):
                yield facts, one.parameters

    def _find_asking(self) -> None:
        """Find what functions and methods of the program do to what they are given."""
        names = {name for one in self._statements if one.parameters for name in one.binds}
        paths = names | {f".{name}" for one in self._statements for name in one.methods}
        self._asking = {path: set() for path in paths}
        is_growing = True
        while is_growing:
            is_growing = False
            for path in paths:
                for facts, parameters in self.functions(path):
                    found = {what for name, what in self._done(facts) if name in parameters} - self._asking[path]
                    self._asking[path] |= found
                    is_growing = is_growing or bool(found)

    def _done(self, facts: Facts) -> set[tuple[str, str]]:
        """What code does to which names, by itself and by the functions that it gives them to."""
        found = {(name, CHANGES) for name in facts.changed} | {(name, TOUCHES) for name in facts.touched} | facts.asked
        for path, root in facts.passed:
            does = self._effect(path)
            if CHANGES in does and path not in self._asking:
                does = does - {CHANGES} | ({CHANGES} if (path, root) in facts.first else set())
            found |= {(root, what) for what in does}
        for method, owner, root in facts.handed:
            found |= {(root, what) for what in self._effect_of_method(method, owner)}
        return found

    def _effect(self, path: str) -> set[str]:
        base, _, rest = path.partition(".")
        if base in self._imports:
            return set(effects.of_library(self._qualified(path)))
        if rest:
            return set()  # a method: `handed` has it
        if base in self._asking:
            return self._asking[base]
        return {TOUCHES} if base in self.by_name else set(effects.of_builtin(base))

    def _effect_of_method(self, method: str, owner: str) -> set[str]:
        if f".{method}" in self._asking:
            return self._asking[f".{method}"]
        base = owner.removesuffix("()").removesuffix(".")
        if base in self._imports or method in READERS | SENDERS or changes_itself(method):
            return {ITERATES} if method in READERS else set()
        origins = {one.removesuffix("()").removesuffix(".") for one in self._holders.closed({owner})}
        known = [effects.of_library(self._imports[one]) for one in origins if one in self._imports]
        is_reader = bool(known) and all(TOUCHES not in one for one in known)
        return set() if is_reader else {TOUCHES}

    def changes(self, facts: Facts, links: Links) -> set[str]:
        """Return the names whose objects a piece of code changes, or may change."""
        return self._by_code(facts, links) | self._by_calls(facts, set(), links)

    def _by_code(self, facts: Facts, links: Links) -> set[str]:
        done = self._done(facts)
        paths = [path for path in facts.paths if effects.sets_its_module(self._qualified(path), self._is_seeded)]
        changed = {name for name, what in done if what == CHANGES} | {path.partition(".")[0] for path in paths}
        changed |= self._used_up({(name, what) for name, what in done if what not in (CHANGES, TOUCHES)}, links)
        return links.closed(changed) | self._in_touch(self._touched(done, links), facts.called, links)

    def _touched(self, done: set[tuple[str, str]], links: Links) -> set[str]:
        """What is touched: by an unknown method, or through a method of the program that has an effect."""
        found = {name for name, what in done if what == TOUCHES}
        asked = {(name, what) for name, what in done if self._runs(what)}
        return found | {name for name, _ in asked if self._is_own(links.closed({name}))}

    def _is_own(self, names: set[str]) -> bool:
        return any(name.removesuffix("()") in self.classes for name in names)

    def _runs(self, what: str) -> bool:
        """Whether asking for a method or property may run a method of the program that has an effect."""
        if what == OPERATOR:
            return bool(self._effectful & _OPERATORS)
        if what == ITERATES:
            return bool(self._effectful & _ITERATION)
        return what in self._effectful or (not what.startswith("__") and bool(self._effectful & _ANY_ATTRIBUTE))

    def _used_up(self, asked: set[tuple[str, str]], links: Links) -> set[str]:
        """What is used up when it is read, such as an iterator, or grows, such as a defaultdict."""
        needed = {ITERATES: "lib", "get": "lib", ITEM: "default"}
        return {
            one
            for name, what in asked
            if what in needed
            for one in links.closed({name})
            if needed[what] in self._kinds.get(one, ())
        }

    def _in_touch(self, touched: set[str], called: set[str], links: Links) -> set[str]:
        """What unknown methods may change: what they are called on, and what a method kept in a name belongs to."""
        found = links.closed(touched) | (links.closed(called) - (called - self._data))
        return found & (self._data | self.classes) - {self._answer} - self._fixed

    def _by_calls(self, facts: Facts, seen: set[str], links: Links) -> set[str]:
        """What the functions change that a piece of code calls, or may call."""
        found: set[str] = set()
        done = self._done(facts)
        touched = self._touched(done, links) | self._used_up(done, links)
        objects = {name.removesuffix("()") for name in links.closed(touched) if name.endswith("()")}
        held = set() if links is self.surely else self._holders.closed(touched | facts.called) | facts.given
        for function in (facts.called | objects | held - self.classes) - seen:
            seen.add(function)
            for one in self.by_name.get(function, ()):
                found |= {function} - {self._answer} if one.is_decorated else set()
                found |= self._by_code(one.later, links) | self._by_calls(one.later, seen, links)
        return found

    def _has_effect(self, one: Statement, facts: Facts) -> bool:
        """Whether a method changes anything besides what it is given and what it makes."""
        done = {name for name, what in self._done(facts) if what in (CHANGES, TOUCHES) and ":" not in name}
        is_setting = any(effects.sets_its_module(self._qualified(path), self._is_seeded) for path in facts.paths)
        calls = facts.called & (self.by_name.keys() - self.classes)
        return bool(done or is_setting or calls) or FILES in facts.changed

"""What the names of a program stand for: which of them may share objects, and what a piece of code does to these."""

from collections.abc import Callable, Iterator

from labkit.course.source import effects
from labkit.course.source.effects import ALTERS, CHANGES, FILES, ITEM, ITERATES, OPERATOR, OPERATORS, SHOWS, TOUCHES
from labkit.course.source.names import NAMESPACES, READERS, SENDERS, changes_itself, is_known_method
from labkit.course.source.statement import ANYWHERE, Facts, Links, Pair, Statement

_ITERATION = frozenset(
    {"__iter__", "__next__", "__getitem__", "__len__", "__contains__", "__aiter__", "__anext__", "__reversed__"}
)
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
            for name in one.lambdas:
                self.by_name.setdefault(name, []).append(one)
        self._data = self._of_kind("data")
        self.classes = self._of_kind("class")
        self._imports = {name: path for one in statements for name, path in one.imports.items()}
        self._is_seeded = any(self._qualified(path) == "random.seed" for path in self._paths())
        self._kinds = self._made()
        pairs = {pair for one in statements for pair in one.aliases}
        guesses = {pair for one in statements for pair in one.perhaps}
        holding = pairs | guesses | set(self._built(lambda name: True))
        self._holders = Links(holding, lambda pair: False)
        self._plainly = Links({pair for pair in pairs if "(" not in pair[0] + pair[1]}, lambda pair: False)
        self.raw = {pair[:2] for pair in pairs}
        self._known: dict[int, set[tuple[str, str]]] = {}
        self._is_complete = False
        self._reading: dict[str, bool] = {}
        self._within_classes = {pair for one in statements if set(one.binds) & self.classes for pair in one.aliases}
        self._asking: dict[str, list[tuple[frozenset[str], set[str]]]] = {}
        self._find_asking()
        self._is_complete = True
        pairs |= set(self._built(self._keeps)) | {
            (f"{name}()", name, "any") for name in self._imports if self._is_followed(f"{name}()")
        }
        guesses = {pair for pair in guesses if not self._is_reader(pair[0])} | set(self._built(lambda name: True))
        guesses |= set(self._stored())
        kept = set(self._handed_over())
        pairs |= kept
        self._holders = Links(holding | kept, lambda pair: False)
        self._shared = self._share()
        pairs |= {(f"{name}()", name, "any") for name in self._shared} | {
            (name, f"{name}()", "any") for name in self._shared
        }
        every = self._followed(pairs | guesses)
        self.surely = Links(every & pairs, self._is_both_ways)
        self.wide = Links(every, self._is_both_ways)
        self.effectful = {
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
        module = base.strip("<>") if base[:1] == "<" else self._imports.get(base, "")
        return f"{module}{dot}{rest}" if module else ""

    def _made(self) -> dict[str, set[str]]:
        """What kinds of objects each name may hold: `box`, `nest`, `lib` or `default`; none: what cannot change."""
        found: dict[str, set[str]] = {}
        for name, kind in (pair for one in self._statements for pair in one.makes):
            path = kind.removeprefix("=")
            found.setdefault(name, set()).update({kind} if path == kind else self._kinds_of_call(path))
        return {name: kinds for name, kinds in found.items() if kinds}

    def _kinds_of_call(self, path: str) -> set[str]:
        qualified = self._qualified(path)
        if qualified.endswith("defaultdict"):
            return {"nest", "default"}
        if qualified:
            scalar = effects.returns_scalars(qualified)
            return set() if scalar else {"nest"} if effects.returns_values(qualified) else {"lib"}
        if "." in path and is_known_method(path.rpartition(".")[2]):
            return set()
        return {"own"} if path in self.by_name else {"lib"}

    def _built(self, is_kept: Callable[[str], bool]) -> Iterator[Pair]:
        """Yield what objects may hold that they are made of."""
        for one in self._statements:
            for name, root, function in one.built:
                if is_kept(function) and not effects.returns_other(self._qualified(function)):
                    is_copied = function in self.classes and not self._keeps(function)
                    yield name, root, "content" if is_copied else "any"

    def _keeps(self, function: str) -> bool:
        made = [one for one in self.by_name.get(function, ()) if one.binds[function] == "class"]
        return ("." not in function and not made) or any(function in one.keeps for one in made)

    def _share(self) -> set[str]:
        """Return the classes whose objects share something through the class."""
        if any(kind == "class" for one in self._statements for _, kind in one.makes):
            return set(self.classes)
        made = {name for name in self.classes for one in self.by_name[name] if "__new__" in one.methods}
        return made | self.classes & (self._kinds.keys() | {name for name, _ in self.raw if name in self.classes})

    def _handed_over(self) -> Iterator[Pair]:
        """Yield what functions and methods keep of what they are given."""
        for facts in (facts for one in self._statements for facts in (one.now, one.later)):
            for path, place, root in facts.passed:
                yield from (
                    (name, root, "any") for name in self._kept_by(path, place) if name not in (root, f"{path}()")
                )
            for method, owner, place, root in facts.handed:
                if self._is_own(self._holders.closed({owner})):
                    for name in self._kept_by(f".{method}", place):
                        yield owner if name.removesuffix("()") in self.classes else name, root, "any"

    def _kept_by(self, path: str, place: str) -> Iterator[str]:
        for one in self._statements if path[:1] == "." else self.by_name.get(path, ()):
            if path[:1] != "." or path[1:] in one.methods:
                for name, key in one.stored:
                    places = one.parameters[key]
                    if place in places or ANYWHERE in places or place == ANYWHERE:
                        yield name

    def _stored(self) -> Iterator[Pair]:
        """Yield what unknown functions may store in their first argument."""
        for one in self._statements:
            for path, name, root in one.stores:
                if ":" not in name + root and name != root and self._effect(path, "0") & {CHANGES, ALTERS, TOUCHES}:
                    yield name, root, "any"

    def _followed(self, pairs: set[Pair]) -> set[Pair]:
        """Leave out pairs of which one cannot change, or has no items that can."""
        pairs = {pair for pair in pairs if self._is_followed(pair[0]) and self._is_followed(pair[1])}
        pairs |= {
            (*pair[:2], "any") for pair in pairs if pair[2] == "content" and "lib" in self._kinds.get(pair[1], ())
        }
        while True:
            holding = {pair[0] for pair in pairs}
            self._fixed = self._data - holding - self._kinds.keys()
            flat = {name for name in self._data - holding if self._kinds.get(name, set()) <= {"box"}}
            kept = {pair for pair in pairs if pair[1] not in (flat if pair[2] in ("item", "content") else self._fixed)}
            if kept == pairs:
                return pairs
            pairs = kept

    def _is_both_ways(self, pair: Pair) -> bool:
        _name, other, _ = pair
        is_made_here = other.removesuffix("()") in self.classes - self._shared and pair not in self._within_classes
        return self._is_plain(other) and not is_made_here

    def _is_followed(self, name: str) -> bool:
        """Whether objects are followed that go by this name: not functions, nor what imported functions return."""
        if name in NAMESPACES or name[0] == "<":
            return True
        base = self._base(name)
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

    def functions(self, path: str) -> Iterator[tuple[Facts, dict[str, frozenset[str]]]]:
        """Yield what the functions do that go by a name, or the methods by `.NAME`, and their parameters."""
        for one in self._statements if path[:1] == "." else self.by_name.get(path, ()):
            facts = one.methods.get(path[1:]) if path[:1] == "." else one.later
            if facts is not None and (one.parameters or path[:1] == "."):
                yield facts, one.parameters

    def _find_asking(self) -> None:
        """Find what functions and methods of the program do to what they are given."""
        names = {name for one in self._statements if one.parameters for name in one.binds}
        paths = names | {f".{name}" for one in self._statements for name in one.methods}
        self._asking = {path: [] for path in paths}
        for path in paths:
            for _, parameters in self.functions(path):
                self._asking[path] += [(places, set()) for places in parameters.values()]
        is_growing = True
        while is_growing:
            is_growing = any(self._ask_more(path) for path in paths)

    def _ask_more(self, path: str) -> bool:
        is_growing = False
        asking = iter(self._asking[path])
        for facts, parameters in self.functions(path):
            done = self._done(facts)
            for key in parameters:
                _, known = next(asking)
                found = {what for name, what in done if name == key} - known
                known |= found
                is_growing = is_growing or bool(found)
        return is_growing

    def _asked_of(self, path: str, place: str) -> set[str]:
        """Return what a function or method of the program does to its argument in a place."""
        found: set[str] = set()
        for places, what in self._asking[path]:
            if place in places or ANYWHERE in places or place == ANYWHERE:
                found |= what
        return found

    def _done(self, facts: Facts) -> set[tuple[str, str]]:
        """What code does to which names, by itself and by the functions that it gives them to."""
        if id(facts) in self._known:
            return self._known[id(facts)]
        found = {(name, CHANGES) for name in facts.changed} | {(name, ALTERS) for name in facts.altered}
        found |= {(name, TOUCHES) for name in facts.touched} | facts.asked
        for path, place, root in facts.passed:
            found |= {(root, what) for what in self._effect(path, place)}
        for method, owner, place, root in facts.handed:
            found |= {(root, what) for what in self._effect_of_method(method, owner, place)}
        if self._is_complete:
            self._known[id(facts)] = found
        return found

    def _effect(self, path: str, place: str) -> set[str]:
        base, _, rest = path.partition(".")
        if qualified := self._qualified(path):
            return set(effects.of_library(qualified, place))
        if rest:
            return set()  # a method: `handed` has it
        if base in self._asking:
            return self._asked_of(base, place)
        if base not in self.by_name:
            return set(effects.of_builtin(base, place))
        return {TOUCHES} if self._may_be_called(base) else set()

    def _may_be_called(self, name: str) -> bool:
        held = self._plainly.closed({name})
        is_unknown = any("lib" in self._kinds.get(one, ()) for one in held) and not self._is_reader(name)
        return is_unknown or any(one not in self._data for one in held)

    def _effect_of_method(self, method: str, owner: str, place: str) -> set[str]:
        if f".{method}" in self._asking and (":" in owner or self._is_own(self._holders.closed({owner}))):
            return self._asked_of(f".{method}", place)
        if method in effects.CHANGE_FIRST and place == "0":
            return {ALTERS}
        if self._base(owner) in self._imports or method in READERS | SENDERS or changes_itself(method):
            return {ITERATES, SHOWS, "__repr__", "__format__", OPERATOR} if method in READERS else set()
        return set() if self._is_reader(owner) else {TOUCHES}

    def _is_reader(self, owner: str) -> bool:
        """Whether an object was made by libraries that do not change what they are given."""
        origins = {self._base(one) for one in self._holders.closed({owner})} & self._imports.keys()
        return bool(origins) and all(
            TOUCHES not in effects.of_library(f"{self._imports[one]}.", ANYWHERE) for one in origins
        )

    @staticmethod
    def _base(name: str) -> str:
        return name.removesuffix("()").rstrip(".")

    def sets(self, path: str, place: str) -> bool:
        """Whether a function of the program changes its argument in a place."""
        return path in self._asking and bool({CHANGES, ALTERS} & self._asked_of(path, place))

    def changes(self, facts: Facts, links: Links) -> set[str]:
        """Return the names whose objects a piece of code changes, or may change."""
        return self._by_code(facts, links) | self._by_calls(facts, set(), links)

    def _by_code(self, facts: Facts, links: Links) -> set[str]:
        done = self._done(facts)
        paths = [path for path in facts.paths if effects.sets_its_module(self._qualified(path), self._is_seeded)]
        altered = {name for name, what in done if what == ALTERS} | {path.partition(".")[0] for path in paths}
        altered |= self._used_up(done, links) | {
            self._base(name) for name, what in facts.asked if self._is_set(name, what)
        }
        changed = links.closed({name for name, what in done if what == CHANGES}) | links.altered(altered)
        return changed | self._in_touch(self._touched(done, links), facts.called, links)

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
            return bool(self.effectful & _OPERATORS)
        if what == ITERATES:
            return bool(self.effectful & _ITERATION)
        if what == ITEM:
            return bool(self.effectful & {ITEM, "__missing__"})
        return what in self.effectful or (not what.startswith("__") and bool(self.effectful & _ANY_ATTRIBUTE))

    def _is_set(self, name: str, what: str) -> bool:
        """Whether a method changes what a library shares with others, such as a logger."""
        is_shared = name.endswith("()") and self._base(name) in self._imports and self._is_followed(name)
        return is_shared and not (what in READERS | SENDERS or what.startswith(("get", "is", "_")))

    def _used_up(self, asked: set[tuple[str, str]], links: Links) -> set[str]:
        """What is used up when it is read, such as an iterator, or grows, such as a defaultdict."""
        needed = {ITERATES: "lib", "get": "lib", ITEM: "default"}
        found: set[str] = set()
        for name, what in asked:
            kind = needed.get(what, "")
            origins = {one for one in links.closed({name}) if kind in self._kinds.get(one, ())}
            found |= origins | {name} if origins else set()
        return found

    def _in_touch(self, touched: set[str], called: set[str], links: Links) -> set[str]:
        """What unknown methods may change: what they are called on, and what a method kept in a name belongs to."""
        found = links.closed(touched) | (links.closed(called) - (called - self._data))
        return found & (self._data | self.classes) - {self._answer} - self._fixed

    def _by_calls(self, facts: Facts, seen: set[str], links: Links) -> set[str]:
        """What the functions change that a piece of code calls, or may call."""
        found: set[str] = set()
        done = self._done(facts)
        touched = self._touched(done, links) | self._used_up(done, links)
        made = links.closed(touched | (facts.called & self._data))
        objects = {name.removesuffix("()") for name in made if name.endswith("()") or name in self.classes}
        asked = {name for name, what in done if changes_itself(what) and "lib" in self._kinds.get(name, ())}
        held: set[str] = (
            set() if links is self.surely else self._holders.closed(touched | facts.called | asked) | facts.given
        )
        held |= {name.removesuffix("()") for name in held if name.endswith("()")}
        for function in (facts.called | objects | held - self.classes) - seen:
            seen.add(function)
            for one in self.by_name.get(function, ()):
                found |= {function} - {self._answer} if one.is_decorated else set()
                found |= self._by_code(one.later, links) | self._by_calls(one.later, seen, links)
        return found

    def _has_effect(self, one: Statement, facts: Facts) -> bool:
        """Whether a method changes anything besides what it is given and what it makes."""
        done = {name for name, what in self._done(facts) if what in (CHANGES, ALTERS, TOUCHES) and ":" not in name}
        is_setting = any(effects.sets_its_module(self._qualified(path), self._is_seeded) for path in facts.paths)
        calls = facts.called & (self.by_name.keys() - self.classes)
        return bool(done or is_setting or calls) or FILES in facts.changed

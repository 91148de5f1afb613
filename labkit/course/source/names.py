"""Which names a piece of code binds, and which methods and functions change their objects and arguments."""

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_CHANGERS = """
append appendleft extend extendleft insert add update setdefault pop popleft popitem remove discard clear sort reverse
rotate push put put_nowait register unregister subscribe route on install seed simplefilter filterwarnings basicConfig
difference_update intersection_update symmetric_difference_update subtract move_to_end setlocale setrecursionlimit
setcontext __setitem__ __delitem__ __setattr__ __ior__ __iadd__
"""
_READERS = """
get keys values items copy index count join split strip lstrip rstrip startswith endswith encode decode format lower
upper replace find partition rpartition fullmatch match search sub most_common total union intersection difference
issubset issuperset isdisjoint hex bit_length qsize empty full splitlines rsplit title capitalize casefold zfill ljust
rjust center isdigit isalpha isalnum isidentifier isspace islower isupper removeprefix removesuffix as_integer_ratio
translate expandtabs symmetric_difference __len__ __contains__ __getitem__ __getattribute__ __str__ __repr__ mro
"""
_SENDERS = """
send sendall send_text send_json send_str send_bytes publish write writelines writerow writerows debug info warning
error exception critical plot bar barh hist scatter imshow axhline axvline legend title annotate text step fill_between
"""
_MAKE_SCALARS = "len sum str repr int float bool abs round any all isinstance issubclass hash id range print ord chr"
CHANGERS = frozenset(_CHANGERS.split())
READERS = frozenset(_READERS.split())
SENDERS = frozenset(_SENDERS.split())  # do not change what they are given
MAKE_SCALARS = frozenset(_MAKE_SCALARS.split())
PASS_ITEMS_ON = frozenset(
    [
        "enumerate",
        "zip",
        "reversed",
        "iter",
        "sorted",
        "list",
        "map",
        "filter",
        "next",
        "tuple",
        "vars",
        "min",
        "max",
        "memoryview",
        "getattr",
        "set",
        "sum",
    ]
)
ITERTOOLS = frozenset(
    [
        "pairwise",
        "islice",
        "chain",
        "from_iterable",
        "cycle",
        "product",
        "permutations",
        "combinations",
        "zip_longest",
        "batched",
        "takewhile",
    ]
)
SPREAD = frozenset(
    ["update", "extend", "extendleft", "union", "__ior__", "__iadd__"]
)  # they take the items of what they are given
SPACE = "globals()"
NAMESPACES = frozenset({SPACE, "locals()", "vars()"})
BUILT_IN_TYPES = frozenset({"dict", "list", "set", "bytearray", "object", "deque", "defaultdict", "OrderedDict"})
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def changes_itself(method: str) -> bool:
    """Whether a method of that name changes the object that it is called on."""
    return method in CHANGERS or method.startswith(("set_", "add_", "register_", "remove_"))


def is_known_method(method: str) -> bool:
    """Whether a method of that name of a builtin object does what is known, and returns an item at most."""
    return method in READERS or changes_itself(method)


class Bound(NamedTuple):
    """The names that the code of one scope binds, and those that it declares global."""

    names: frozenset[str]
    outer: frozenset[str]


def bound_in(body: Iterable[ast.AST]) -> Bound:
    """Return what this code binds in its own scope, not in those of functions, classes and comprehensions in it."""
    names: set[str] = set()
    outer: set[str] = set()
    elsewhere: set[str] = set()
    todo = list(body)
    while todo:
        node = todo.pop()
        names |= set(_bound_by(node))
        if isinstance(node, ast.Global):
            outer |= set(node.names)
        elif isinstance(node, ast.Nonlocal):
            elsewhere |= set(node.names)
        elif isinstance(node, COMPREHENSIONS):
            names |= {one.target.id for one in ast.walk(node) if isinstance(one, ast.NamedExpr)}
        elif not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            todo += ast.iter_child_nodes(node)
    return Bound(frozenset(names - outer - elsewhere), frozenset(outer))


def _bound_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import() | ast.ImportFrom():
            yield from imported(node)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name


PURE_DECORATORS = frozenset(
    [
        "staticmethod",
        "classmethod",
        "property",
        "abstractmethod",
        "contextmanager",
        "asynccontextmanager",
        "wraps",
        "dataclass",
        "overload",
        "final",
        "setter",
        "deleter",
        "getter",
        "total_ordering",
        "cached_property",
        "override",
        "runtime_checkable",
        "unique",
    ]
)


def imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return the names that an import binds; "*" for a star import."""
    is_plain = isinstance(node, ast.Import)
    return [one.asname or (one.name.partition(".")[0] if is_plain else one.name) for one in node.names]


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[str]:
    """Return the names of a function's parameters."""
    given = node.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return [one.arg for one in every if one is not None]


def arguments_of(node: ast.Call) -> list[ast.expr]:
    """What a call is given, by position and by keyword."""
    return [*node.args, *(keyword.value for keyword in node.keywords)]


def killed(node: ast.stmt) -> frozenset[str]:
    """Return the names that a statement certainly binds again or deletes, so that their old values are gone."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return frozenset({name})
        case ast.Assign() | ast.Delete():
            return frozenset(name for target in node.targets for name in _plain_names(target))
        case ast.AnnAssign(target=target, value=ast.expr()):
            return frozenset(_plain_names(target))
        case ast.With(items=items) | ast.AsyncWith(items=items):  # its body may end early, with the error suppressed
            named = [item.optional_vars for item in items if item.optional_vars is not None]
            return frozenset(name for target in named for name in _plain_names(target))
    return frozenset()


def _plain_names(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, (ast.Tuple, ast.List, ast.Starred)):
        for part in [target.value] if isinstance(target, ast.Starred) else target.elts:
            yield from _plain_names(part)

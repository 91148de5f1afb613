"""Find what the modules of a package define: faults, probes, exercises and planted faults need no registration."""

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TypeVar

from labkit.text.nearest import nearest

Kind = TypeVar("Kind")


def modules(package: str) -> list[ModuleType]:
    """Import the modules of a package, in the order of their names."""
    names = [one.name for one in iter_modules(import_module(package).__path__)]
    return [import_module(f"{package}.{name}") for name in names if name != "__main__"]


def classes(package: str, base: type[Kind]) -> Iterator[type[Kind]]:
    """Yield the subclasses of `base` that the modules of a package define."""
    for module in modules(package):
        own = [one for one in vars(module).values() if getattr(one, "__module__", "") == module.__name__]
        yield from (one for one in own if isinstance(one, type) and issubclass(one, base) and one is not base)


def planted(package: str, base: type[Kind]) -> dict[str, type[Kind]]:
    """Return the planted faults of a package, sorted by name: the name of the class in snake case."""
    kinds = {re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in classes(package, base)}
    return dict(sorted(kinds.items()))


def fault_named(name: object, known: Mapping[str, type[Kind]]) -> type[Kind]:
    """Return the fault with that name. Raises KeyError, with a one-line message, for an unknown one."""
    if not isinstance(name, str) or name not in known:
        raise KeyError(f"there is no fault named {name!r}{nearest(name, known)}; the faults are {', '.join(known)}")
    return known[name]

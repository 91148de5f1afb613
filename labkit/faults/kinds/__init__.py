"""The faults, one per file. To add a fault, just add a file; it is registered automatically."""

from importlib import import_module
from pkgutil import iter_modules

from labkit.faults.fault import Fault


def _load() -> dict[str, type[Fault]]:
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    kinds = [kind for module in modules for kind in vars(module).values() if _is_fault_of(kind, module.__name__)]
    return {kind.__name__: kind for kind in kinds}


def _is_fault_of(kind: object, module: str) -> bool:
    return isinstance(kind, type) and issubclass(kind, Fault) and kind.__module__ == module


FAULTS = _load()

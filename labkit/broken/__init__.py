"""Our server with one fault planted in each file, named after it: what the reviewer, and students, must find.

Each module has a class `Broken`, and `FOUND_BY`: exactly the probes that `labkit review` finds broken, every other
held. Run one with `python -m labkit.broken NAME`.
"""

from importlib import import_module
from pkgutil import iter_modules

from labkit.broken.planted import Planted
from labkit.text.nearest import nearest

_NOT_FAULTS = ("planted", "__main__")
FAULTS = tuple(one.name for one in iter_modules(__path__) if one.name not in _NOT_FAULTS)


def broken(fault: str) -> type[Planted]:
    """The server with that fault; KeyError for one that there is not."""
    if fault not in FAULTS:
        raise KeyError(f"there is no fault {fault!r}{nearest(fault, FAULTS)}; there are {', '.join(FAULTS)}")
    server: type[Planted] = import_module(f"{__name__}.{fault}").Broken
    return server


def found_by(fault: str) -> frozenset[str]:
    """The probes that find it."""
    return frozenset(import_module(f"{__name__}.{fault}").FOUND_BY)

"""Variants of our server, each with one planted fault for the reviewer, and students, to find.

Each module holds the faults for one chapter of probes, as subclasses of `Planted`. A fault's name is its class name in
snake case. Run one with `python -m labkit.broken NAME`.
"""

import re
from importlib import import_module
from pkgutil import iter_modules

from labkit.broken.planted import Planted
from labkit.text.nearest import nearest

NOT_CHAPTERS = ("planted", "__main__")


def _load() -> dict[str, type[Planted]]:
    for module in iter_modules(__path__):
        if module.name not in NOT_CHAPTERS:
            import_module(f"{__name__}.{module.name}")
    planted = [kind for kind in Planted.__subclasses__() if kind.__module__.startswith(f"{__name__}.")]
    return {re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in planted}


_SERVERS = _load()
SERVER_FAULTS = tuple(sorted(_SERVERS))


def broken(fault: str) -> type[Planted]:
    """Return the server class with this fault. Raises KeyError for an unknown fault."""
    if fault not in _SERVERS:
        known = ", ".join(SERVER_FAULTS)
        raise KeyError(f"there is no fault {fault!r}{nearest(fault, SERVER_FAULTS)}; the faults are {known}")
    return _SERVERS[fault]

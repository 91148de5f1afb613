"""Variants of our client, each with one planted fault for `labkit review --client` to find.

Each module holds the faults for one chapter of client probes, as subclasses of `Planted`. A fault's name is its class
name in snake case. Review one with `labkit review --client "python -m labkit.broken_clients NAME"`.
"""

import re
from importlib import import_module
from pkgutil import iter_modules

from labkit.broken_clients.planted import Planted
from labkit.text.nearest import nearest

NOT_CHAPTERS = ("planted", "talking", "__main__")


def _load() -> dict[str, type[Planted]]:
    for module in iter_modules(__path__):
        if module.name not in NOT_CHAPTERS:
            import_module(f"{__name__}.{module.name}")
    planted = [kind for kind in Planted.__subclasses__() if kind.__module__.startswith(f"{__name__}.")]
    return {re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in planted}


_CLIENTS = _load()
CLIENT_FAULTS = tuple(sorted(_CLIENTS))


def broken_client(fault: str) -> type[Planted]:
    """Return the client class with this fault. Raises KeyError for an unknown fault."""
    if fault not in _CLIENTS:
        known = ", ".join(CLIENT_FAULTS)
        raise KeyError(f"there is no fault {fault!r}{nearest(fault, CLIENT_FAULTS)}; the faults are {known}")
    return _CLIENTS[fault]

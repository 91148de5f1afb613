"""Our client with one fault planted in each file, named after it: what `labkit review --client` must find.

Each module has a class `Broken`, and `FOUND_BY`: exactly the probes that find it broken, every other held. Review one
with `labkit review --client "python -m labkit.broken_clients NAME"`.
"""

from importlib import import_module
from pkgutil import iter_modules

from labkit.text.nearest import nearest
from labkit.wire.client.client import Client

_NOT_FAULTS = ("planted", "talking", "__main__")
CLIENT_FAULTS = tuple(one.name for one in iter_modules(__path__) if one.name not in _NOT_FAULTS)


def broken_client(fault: str) -> type[Client]:
    """The client with that fault; KeyError for one that there is not."""
    if fault not in CLIENT_FAULTS:
        raise KeyError(
            f"there is no fault {fault!r}{nearest(fault, CLIENT_FAULTS)}; there are {', '.join(CLIENT_FAULTS)}"
        )
    client: type[Client] = import_module(f"{__name__}.{fault}").Broken
    return client


def client_found_by(fault: str) -> frozenset[str]:
    """The probes that find it."""
    return frozenset(import_module(f"{__name__}.{fault}").FOUND_BY)

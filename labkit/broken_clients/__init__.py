"""Variants of our client, each with one planted fault for `labkit review --client` to find.

Each module holds the faults for one chapter of client probes, as subclasses of `Planted`. A fault's name is its class
name in snake case. Review one with `labkit review --client "python -m labkit.broken_clients NAME"`.
"""

from labkit import discovery
from labkit.broken_clients.planted import Planted

_CLIENTS = discovery.planted(__name__, Planted)
CLIENT_FAULTS = tuple(_CLIENTS)


def broken_client(fault: str) -> type[Planted]:
    """Return the client class with this fault. Raises KeyError for an unknown fault."""
    return discovery.fault_named(fault, _CLIENTS)

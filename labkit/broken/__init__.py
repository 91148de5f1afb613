"""Variants of our server, each with one planted fault for the reviewer, and students, to find.

Each module holds the faults for one chapter of probes, as subclasses of `Planted`. A fault's name is its class name in
snake case. Run one with `python -m labkit.broken NAME`.
"""

from labkit import discovery
from labkit.broken.planted import Planted

_SERVERS = discovery.planted(__name__, Planted)
SERVER_FAULTS = tuple(_SERVERS)


def broken(fault: str) -> type[Planted]:
    """Return the server class with this fault. Raises KeyError for an unknown fault."""
    return discovery.fault_named(fault, _SERVERS)

"""The faults, one per file. To add a fault, just add a file; it is registered automatically."""

from labkit import discovery
from labkit.faults.fault import Fault

FAULTS = {kind.__name__: kind for kind in discovery.classes(__name__, Fault)}

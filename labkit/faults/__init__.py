"""A TCP proxy that simulates network faults. Each connection and direction has its own chain of faults.

    async with Proxy("ws://127.0.0.1:8080") as proxy:
        proxy.set(down=[Latency(seconds=0.2), Slice()])

The faults are in `labkit.faults.kinds`, one per file, and `FAULTS` lists them. You can import each of them from here.
Some act on bytes, others on whole WebSocket frames, but none looks at a frame's content. To add a fault, read
`kinds/noop.py` and `fault.py`.
"""

from typing import TYPE_CHECKING, Any

from labkit.faults.connection import Traffic
from labkit.faults.fault import Fault
from labkit.faults.kinds import FAULTS
from labkit.faults.proxy import Proxy
from labkit.faults.schedule import Schedule

__all__ = ["FAULTS", "Fault", "Proxy", "Schedule", "Traffic"]

globals().update(FAULTS)

if TYPE_CHECKING:  # type checkers cannot see FAULTS; for checked types, import a fault from its own module

    def __getattr__(name: str) -> Any: ...

"""What a network does to bytes, on demand: a TCP proxy that runs chains of faults, per connection and direction.

    async with Proxy("ws://127.0.0.1:8080") as proxy:
        proxy.set(down=[Latency(seconds=0.2), Slice()])

The faults are found in `labkit.faults.kinds`, one per file, and each can be imported from here: `FAULTS` lists them.
Some act on bytes, others on whole WebSocket frames, but none reads what a frame contains. To add a fault, read
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

if TYPE_CHECKING:  # a type checker cannot know FAULTS; import from the fault's own module to have it checked

    def __getattr__(name: str) -> Any: ...

"""What happened is told at once, and written down when there is time."""

import asyncio

from labkit.broken.planted import Planted
from labkit.wire.audit.writer import Entry
from labkit.wire.commit_queue import Effect
from labkit.wire.hub import Hub

FOUND_BY = ("audit/2", "audit/3", "audit/4", "audit/5")
LATER_S = 0.3


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Tell first, store later."""
        then = hub.state.queue.then

        def tell_first(entry: Entry | None, effect: Effect, otherwise: Effect | None = None) -> None:
            effect()
            if entry is not None:
                asyncio.get_running_loop().call_later(LATER_S, then, entry, lambda: None)

        hub.state.queue.then = tell_first  # type: ignore[method-assign]

"""Who was thrown out, and why, is not on record."""

from labkit.broken.planted import Planted
from labkit.wire.hub import Hub

FOUND_BY = ("audit/5",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Drop closes."""
        record = hub.state.queue.record
        hub.state.queue.record = lambda entry: None if entry.kind == "close" else record(entry)  # type: ignore[method-assign]

"""Only what succeeded is on record."""

from labkit.broken.planted import Planted
from labkit.wire.hub import Hub

FOUND_BY = ("audit/4",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Drop denials."""
        record = hub.state.queue.record
        hub.state.queue.record = lambda entry: None if entry.kind == "denied" else record(entry)  # type: ignore[method-assign]

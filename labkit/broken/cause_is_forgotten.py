"""How a connection ended is logged, and never told to the client that could not hear it."""

from labkit.broken.planted import Planted
from labkit.wire.hub import Hub

FOUND_BY = ("slow/3",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Know of no earlier close."""
        hub.state.sessions.closed_before = lambda _: None  # type: ignore[assignment, method-assign]

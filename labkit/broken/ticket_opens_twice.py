"""A ticket is signed and short-lived, and nobody remembers that it was used."""

from labkit.broken.planted import Planted
from labkit.wire.hub import Hub

FOUND_BY = ("auth/15",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Call every ticket unused."""
        hub.state.sessions._spent.spend = lambda *_: True  # type: ignore[method-assign]

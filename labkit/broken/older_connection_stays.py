"""A session may have any number of connections: the older one is not closed."""

from labkit.broken.planted import Planted
from labkit.wire.hub import Hub

FOUND_BY = ("auth/14",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Know of no older one."""
        newest = hub.state.sessions.newest
        hub.state.sessions.newest = lambda *both: newest(*both) and None  # type: ignore[method-assign]

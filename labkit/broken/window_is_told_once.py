"""The reconnect window is told in auth_ok, and not when the crowd has grown."""

from labkit.broken.planted import Planted
from labkit.wire.hub import Hub

FOUND_BY = ("storms/2",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Never tell it anew."""
        hub._crowd.changed = lambda _: False  # type: ignore[assignment, method-assign]

"""The list of connections asks for no bearer."""

from labkit.broken.planted import Planted
from labkit.wire.hub import Hub

FOUND_BY = ("secrets/6",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Refuse no operator."""
        hub.http._refuse_operator = lambda _: None  # type: ignore[assignment, method-assign]

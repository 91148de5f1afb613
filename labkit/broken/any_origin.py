"""A page of any origin may connect."""

from labkit.broken.planted import Planted
from labkit.wire.hub import Hub

FOUND_BY = ("protocol/13",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Look at no Origin."""
        hub.state.admission.origin_allowed = lambda *_: True  # type: ignore[method-assign]

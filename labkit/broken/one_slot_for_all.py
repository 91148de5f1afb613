"""Everybody who is put off is given the same slot, so the storm comes back as one."""

from labkit.broken.planted import Planted
from labkit.wire.hub import Hub

FOUND_BY = ("storms/3",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Say a second to everybody."""
        too_fast = hub.state.admission.too_fast
        hub.state.admission.too_fast = lambda: None if too_fast() is None else 1000  # type: ignore[method-assign]

"""Every grant is taken for a prefix, also one without a star."""

from dataclasses import replace
from typing import Any

from labkit.broken.planted import Planted
from labkit.rules.grants import Grants
from labkit.wire.hub import Hub

FOUND_BY = ("rooms/11",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Add a star to each pattern."""
        admit = hub.state.sessions.admit

        def generous(token: str, **how: Any) -> Any:
            identity, entries = admit(token, **how)
            wide = tuple((pattern.rstrip("*") + "*", access) for pattern, access in identity.grants.rooms)
            return replace(identity, grants=Grants(wide)), entries

        hub.state.sessions.admit = generous  # type: ignore[method-assign]

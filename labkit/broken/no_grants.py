"""Grants are in the ticket, and nobody looks at them."""

from dataclasses import replace
from typing import Any

from labkit.broken.planted import Planted
from labkit.rules.grants import EVERY_ROOM
from labkit.wire.hub import Hub

FOUND_BY = ("rooms/10", "rooms/11", "rooms/12", "audit/4")


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Let everybody in everywhere."""
        admit = hub.state.sessions.admit

        def generous(token: str, **how: Any) -> Any:
            identity, entries = admit(token, **how)
            return replace(identity, grants=EVERY_ROOM), entries

        hub.state.sessions.admit = generous  # type: ignore[method-assign]

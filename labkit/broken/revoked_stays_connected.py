"""Revocation is looked at when a client comes, and not while it is here."""

from labkit.broken.planted import Planted
from labkit.wire.hub import Hub

FOUND_BY = ("auth/20",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Revoke, and close nobody."""
        revoke = hub.state.sessions.revoke
        hub.state.sessions.revoke = lambda *which: ([], revoke(*which)[1])  # type: ignore[method-assign]

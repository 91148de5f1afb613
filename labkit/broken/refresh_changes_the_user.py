"""refresh takes whatever credential is good, also another user's."""

from labkit.broken.planted import Planted
from labkit.wire.hub import Hub

FOUND_BY = ("auth/17",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Become whoever the credential names."""
        hub.state.sessions.renew = lambda _, token, **how: hub.state.sessions.admit(token, **how)  # type: ignore[method-assign]

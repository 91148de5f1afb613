"""The token is compared as far as the shorter one goes."""

from labkit.broken.planted import Planted
from labkit.wire.hub import Hub

FOUND_BY = ("auth/7",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Take what begins like the token."""
        check, right = hub.state.sessions._check_dev_token, hub.state.sessions._dev_token or ""

        def check_prefix(token: str, trusted: bool) -> None:
            check(right if token.startswith(right) or right.startswith(token) else token, trusted)

        hub.state.sessions._check_dev_token = check_prefix  # type: ignore[method-assign]

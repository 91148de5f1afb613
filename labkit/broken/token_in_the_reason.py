"""A refused token comes back in the close reason, and from there into the client's log."""

from typing import Any

from labkit.broken.planted import Planted
from labkit.rules.credentials import Rejected
from labkit.wire.hub import Hub

FOUND_BY = ("secrets/2", "secrets/4", "audit/6")  # reasons are logged, and on record


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Say which token was wrong."""
        admit = hub.state.sessions.admit

        def telling(token: str, **how: Any) -> Any:
            try:
                return admit(token, **how)
            except Rejected as rejected:
                rejected.reason = f"bad token {token}"[:100]
                raise

        hub.state.sessions.admit = telling  # type: ignore[method-assign]

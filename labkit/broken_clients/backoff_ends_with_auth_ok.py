"""The backoff starts over with every auth_ok: a server that accepts and closes is hammered."""

from typing import Any

from labkit.broken_clients.planted import Planted
from labkit.wire.client.reconnect_loop import ReconnectLoop

FOUND_BY = ("waits/4",)


class Trusting(ReconnectLoop):
    """Takes an auth_ok for proof that all is well."""

    def opened(self, answer: dict[str, Any]) -> None:
        """auth_ok came on a new connection."""
        super().opened(answer)
        self._backoff.proved()


class Broken(Planted):
    """Our client with this fault."""

    loop = Trusting

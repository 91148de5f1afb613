"""A type that it does not know is an error that nobody catches: a newer server ends it."""

from typing import Any

from labkit.broken_clients.planted import Planted
from labkit.wire.client.dispatcher import Dispatcher

FOUND_BY = ("line/2",)


KNOWN = ("auth_ok", "joined", "left", "chat", "pong", "error", "reconnect")


class Strict(Dispatcher):
    """Knows a few types, and no other."""

    def dispatch(self, message: dict[str, Any]) -> None:
        """Act on one message."""
        if message["type"] not in KNOWN:
            raise ValueError(message["type"])
        super().dispatch(message)


class Broken(Planted):
    """Our client with this fault."""

    dispatcher = Strict

"""A type that it does not know is an error that nobody catches: a newer server ends it."""

from typing import Any

from labkit.broken_clients.planted import Planted
from labkit.wire.client.hearing import Hearing

FOUND_BY = ("line/2",)


KNOWN = ("auth_ok", "joined", "left", "chat", "pong", "error", "reconnect")


class Broken(Planted):
    """Our client with this fault."""

    def plant(self) -> None:
        """Know a few types, and no other."""
        hearing = Hearing(self)

        def hear(message: dict[str, Any]) -> None:
            if message["type"] not in KNOWN:
                raise ValueError(message["type"])
            hearing.hear(message)

        self.link_with(hear=hear)

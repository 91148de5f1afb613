"""What was confirmed is kept, and said again after every reconnect."""

from typing import Any

from labkit.broken_clients.planted import Planted
from labkit.wire.client.publisher import Publisher
from labkit.wire.client.unsent import MAX_UNSENT_BYTES, Unsent, UnsentMessage

FOUND_BY = ("words/3",)


class Hoard(Unsent):
    """Forgets nothing."""

    def done(self, publication: UnsentMessage) -> None:
        """It was answered."""


class Hoarding(Publisher):
    """Publishes from a hoard."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.unsent = Hoard(MAX_UNSENT_BYTES)


class Broken(Planted):
    """Our client with this fault."""

    publisher = Hoarding

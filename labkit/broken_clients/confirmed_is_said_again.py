"""What was confirmed is kept, and said again after every reconnect."""

from labkit.broken_clients.planted import Planted
from labkit.wire.client.unsent import Publication, Unsent

FOUND_BY = ("words/3",)


class Hoard(Unsent):
    """Forgets nothing."""

    def done(self, publication: Publication) -> None:
        """It was answered."""


class Broken(Planted):
    """Our client with this fault."""

    def plant(self) -> None:
        """Keep everything."""
        self.saying.unsent.__class__ = Hoard

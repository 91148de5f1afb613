"""What was sent counts as said: a chat that the connection took with it is lost."""

from labkit.broken_clients.planted import Planted
from labkit.wire.client.publisher import Publisher

FOUND_BY = ("words/1",)


class Careless(Publisher):
    """Believes that what is sent arrives."""

    def disconnected(self) -> None:
        """Nothing is on its way any more, and nothing is taken back."""


class Broken(Planted):
    """Our client with this fault."""

    publisher = Careless

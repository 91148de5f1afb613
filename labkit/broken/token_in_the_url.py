"""A token in the query is taken as well, and stands in every proxy's log."""

from time import time

from labkit.broken.planted import Planted
from labkit.rules.grants import EVERY_ROOM
from labkit.rules.session import Identity, State
from labkit.wire.connection import Connection

FOUND_BY = ("secrets/1",)


class Leaky(Connection):
    """Reads the query of its request."""

    def data_received(self, data: bytes) -> None:
        """Bytes came: the first of them name the URL."""
        wanted = f"?token={self.hub.state.sessions._dev_token} ".encode()
        is_known = self.handshake is not None and wanted in data
        super().data_received(data)
        if is_known and self.session.state is State.AUTHENTICATING:
            self.session.accepted(Identity("from-url", "from-url", EVERY_ROOM, time() + 60))
            self._deadline = None


class Broken(Planted):
    """Our server with this fault."""

    connection = Leaky

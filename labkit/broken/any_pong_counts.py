"""Whatever pong comes, the peer is taken for alive."""

from labkit.broken.planted import Planted
from labkit.rules.heartbeat import Heartbeat
from labkit.wire.connection import Connection

FOUND_BY = ("heartbeat/4",)


class Gullible(Heartbeat):
    """Does not look at the payload."""

    __slots__ = ()

    def pong(self, payload: bytes, now: float) -> bool:
        """Any will do."""
        return super().pong(self.payload, now)


class GullibleConnection(Connection):
    """Has a gullible heartbeat."""

    def authenticated(self, random_fraction: float) -> None:
        """The credential was good."""
        super().authenticated(random_fraction)
        assert self.heartbeat is not None
        self.heartbeat.__class__ = Gullible


class Broken(Planted):
    """Our server with this fault."""

    connection = GullibleConnection

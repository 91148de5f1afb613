"""Pings go out, and a pong that does not come is not missed."""

from labkit.broken.planted import Planted
from labkit.rules.heartbeat import Beat, Heartbeat
from labkit.wire.connection import Connection

FOUND_BY = ("heartbeat/2", "heartbeat/3", "heartbeat/4", "heartbeat/8")


class Kind(Heartbeat):
    """Takes every silence for a pong."""

    __slots__ = ()

    def beat(self, now: float) -> Beat:
        """Ping, and forget that one is open."""
        if self._pinged_at is not None and self.next_at is not None and now >= self.next_at:
            self.pong(self.payload, now)
        return super().beat(now)


class KindConnection(Connection):
    """Has a kind heartbeat."""

    def authenticated(self, random_fraction: float) -> None:
        """The credential was good."""
        super().authenticated(random_fraction)
        assert self.heartbeat is not None
        self.heartbeat.__class__ = Kind


class Broken(Planted):
    """Our server with this fault."""

    connection = KindConnection

"""Faults in the heartbeat."""

from labkit.broken.planted import Planted
from labkit.rules.heartbeat import Beat, Heartbeat
from labkit.wire.connection import Connection


class PingsNobody(Planted):
    """`auth_ok` announces a ping interval, but the server never sends a ping."""

    found_by = ("heartbeat/1", "heartbeat/2", "heartbeat/3", "heartbeat/4", "heartbeat/5", "heartbeat/8")

    class connection(Connection):
        def _beat(self, heartbeat: Heartbeat, now: float) -> None:
            heartbeat.next_at = None


class HeartbeatNeverForgets(Planted):
    """The server sends pings, but ignores missing pongs."""

    found_by = ("heartbeat/2", "heartbeat/3", "heartbeat/4", "heartbeat/8")

    class heartbeat(Heartbeat):
        def beat(self, now: float) -> Beat:
            if self._pinged_at is not None and self.next_at is not None and now >= self.next_at:
                self.pong(self.payload, now)
            return super().beat(now)


class AnyPongCounts(Planted):
    """A pong counts as proof of life, whatever its payload."""

    found_by = ("heartbeat/4",)

    class heartbeat(Heartbeat):
        def pong(self, payload: bytes, now: float) -> bool:
            return super().pong(self.payload, now)


class PingsInStep(Planted):
    """The first ping comes exactly one interval after auth, so a reconnect storm causes a storm of pings."""

    found_by = ("heartbeat/5",)

    class connection(Connection):
        def authenticated(self, random_fraction: float) -> None:
            super().authenticated(1.0)

"""auth_ok tells pingMs, and no ping ever comes."""

from labkit.broken.planted import Planted
from labkit.rules.heartbeat import Heartbeat
from labkit.wire.connection import Connection

FOUND_BY = ("heartbeat/1", "heartbeat/2", "heartbeat/3", "heartbeat/4", "heartbeat/5", "heartbeat/8")


class Silent(Connection):
    """Has no heartbeat to ring for."""

    def _beat(self, heartbeat: Heartbeat, now: float) -> None:
        heartbeat.next_at = None


class Broken(Planted):
    """Our server with this fault."""

    connection = Silent

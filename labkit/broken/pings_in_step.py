"""All first pings come an interval after auth, so a storm of connections becomes a storm of pings."""

from labkit.broken.planted import Planted
from labkit.wire.connection import Connection

FOUND_BY = ("heartbeat/5",)


class InStep(Connection):
    """Begins at the end of the interval."""

    def authenticated(self, random_fraction: float) -> None:
        """The credential was good."""
        super().authenticated(1.0)


class Broken(Planted):
    """Our server with this fault."""

    connection = InStep

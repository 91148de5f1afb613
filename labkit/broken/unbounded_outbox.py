"""What a member has not received is queued, however much it is and however long it takes."""

from labkit.broken.planted import Planted
from labkit.rules.outbox import Outbox
from labkit.wire.connection import Connection
from labkit.wire.http.routes import Http
from labkit.wire.hub import Hub

FOUND_BY = ("slow/1", "slow/3")
TOLD = {"ping_timeout_s": 8}  # or the heartbeat finds the slow one before the reviewer is done


class Bottomless(Connection):
    """Queues everything."""

    def __init__(self, hub: Hub, http: Http) -> None:
        super().__init__(hub, http)
        self.outbox = self.outgoing.outbox = Outbox(10**12, None)


class Broken(Planted):
    """Our server with this fault."""

    connection = Bottomless

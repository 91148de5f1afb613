"""A denial is recorded with the token that was refused."""

from time import time

from labkit.broken.planted import Planted
from labkit.rules.actions import Authenticate
from labkit.wire.audit.writer import Entry
from labkit.wire.connection import Connection
from labkit.wire.hub import Hub

FOUND_BY = ("audit/6",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Write down what came."""
        authenticate = hub.order.performers[Authenticate]

        def authenticate_and_record(connection: Connection, action: Authenticate) -> None:
            hub.state.queue.record(Entry(time(), "denied", connection=connection.id, body=action.token))
            authenticate(connection, action)

        hub.order.performers[Authenticate] = authenticate_and_record

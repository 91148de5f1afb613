"""Each auth is logged with its token, right or wrong."""

import logging

from labkit.broken.planted import Planted
from labkit.rules.actions import Authenticate
from labkit.wire.connection import Connection
from labkit.wire.hub import Hub

FOUND_BY = ("secrets/4",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Log what came."""
        authenticate = hub.order.performers[Authenticate]

        def authenticate_and_log(connection: Connection, action: Authenticate) -> None:
            logging.getLogger("labkit.broken").info("auth", extra={"token": action.token})
            authenticate(connection, action)

        hub.order.performers[Authenticate] = authenticate_and_log

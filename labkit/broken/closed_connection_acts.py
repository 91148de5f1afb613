"""A connection that was closed keeps acting: the close frame goes out, and what is behind it is still done."""

import asyncio

from labkit.broken.planted import Planted
from labkit.rules.actions import Close
from labkit.rules.close_codes import CloseCode
from labkit.wire.connection import Connection
from labkit.wire.hub import Hub
from labkit.wire.sockets import reset

FOUND_BY = ("auth/8", "rooms/4")


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Send the close frame, stop sending, and neither stop listening nor leave the rooms."""
        proper = hub.order.performers[Close]

        def close(connection: Connection, action: Close) -> None:
            if connection.closing or action.code is CloseCode.RATE_LIMITED:
                return proper(connection, action)
            rooms = dict(connection.session.rooms)
            connection.session.rooms.clear()
            hub.closing(connection, action.code, action.reason)
            connection.session.rooms.update(rooms)
            connection.write_due()
            connection.closing, connection.heartbeat = True, None
            connection.frames.send_close(action.code, action.reason)
            asyncio.get_running_loop().call_later(hub.state.limits.close_deadline_s, reset, connection.transport)
            return None

        hub.order.performers[Close] = close

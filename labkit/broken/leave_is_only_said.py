"""leave is answered with left, and the member goes on hearing."""

from labkit.broken.planted import Planted
from labkit.rules import answers
from labkit.rules.actions import Exit
from labkit.wire.connection import Connection
from labkit.wire.hub import Hub

FOUND_BY = ("rooms/3",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Answer, and do nothing."""

        def left(connection: Connection, action: Exit) -> None:
            hub.state.queue.then(None, lambda: connection.send(answers.encode(answers.left(action.room_id))))

        hub.order.performers[Exit] = left

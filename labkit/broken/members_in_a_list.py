"""Members are kept in a list: who joins twice hears everything twice."""

from typing import Any

from labkit.broken.planted import Planted
from labkit.rules import answers
from labkit.rules.actions import Refuse
from labkit.wire.connection import Connection
from labkit.wire.hub import Hub

FOUND_BY = ("rooms/7",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Remember who joined again, and tell it again."""
        tell, refuse, twice = hub.state.path.broadcast, hub.order.performers[Refuse], list[Connection]()

        def tell_twice(members: Any, said: answers.Answer, body: bytes) -> None:
            tell([*members, *(member for member in members if member in twice)], said, body)

        def refuse_and_add(connection: Connection, action: Refuse) -> None:
            if action.code == "duplicate_join":
                twice.append(connection)
            refuse(connection, action)

        hub.state.path.broadcast = tell_twice  # type: ignore[assignment, method-assign]
        hub.order.performers[Refuse] = refuse_and_add

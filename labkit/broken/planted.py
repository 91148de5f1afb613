"""Where a fault is planted: the parts of our server that a fault replaces."""

from typing import Any

from labkit.rules.limits import Limits
from labkit.rules.rooms import Room
from labkit.wire.connection import Connection
from labkit.wire.hub import Hub
from labkit.wire.member import Member
from labkit.wire.server import Server
from labkit.wire.sockets import reset


class Planted(Server):
    """Our server. A subclass names another connection or other limits, or plants its fault in the hub.

    It takes the plain path: the shortcuts of the fast one go past the places where faults are planted.
    """

    connection: type[Connection] = Connection
    faulty_limits: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self, *arguments: Any, limits: Limits | None = None, **options: Any) -> None:
        super().__init__(
            *arguments, limits=(limits or Limits()).set({"fast_path": False, **self.faulty_limits}), **options
        )

    def plant(self, hub: Hub) -> None:
        """Replace something in the hub, before anybody connects."""

    def _new_hub(self) -> Hub:
        hub = super()._new_hub()
        self.plant(hub)
        return hub

    def _new_connection(self) -> Connection:
        return self.connection(self.hub, self.http)


def plant_in_rooms(hub: Hub, fault: type[Room[Member]]) -> None:
    """Make every room one of this class."""
    make = hub.state.rooms.room

    def room(room_id: str) -> Room[Member]:
        made = make(room_id)
        made.__class__ = fault
        return made

    hub.state.rooms.room = room  # type: ignore[method-assign]


def end_everybody(hub: Hub) -> None:
    """What the end of the process does to its clients; a supervisor has it back at once."""
    for connection in list(hub.state.sockets):
        reset(connection.transport)

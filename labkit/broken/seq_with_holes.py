"""The seq counts what was tried, not what was accepted."""

from labkit.broken.planted import Planted, plant_in_rooms
from labkit.rules.rooms import Room
from labkit.wire.hub import Hub
from labkit.wire.member import Member

FOUND_BY = ("rooms/14", "rooms/15")


class Holey(Room[Member]):
    """Skips a number each time."""

    def next_seq(self) -> int:
        """Two further."""
        return self.accepted_seq + 2


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Make every room skip numbers."""
        plant_in_rooms(hub, Holey)

"""A member that comes back too late is told gap: false, like one that missed nothing."""

from math import inf

from labkit.broken.planted import Planted, plant_in_rooms
from labkit.rules.fields import Since
from labkit.rules.rooms import Membership, Missed, Room
from labkit.wire.hub import Hub
from labkit.wire.member import Member

FOUND_BY = ("rooms/16",)


class Proud(Room[Member]):
    """Never admits a gap."""

    def missed(self, since: Since | None, place: Membership, max_bytes: float = inf) -> Missed:
        """What there is, as if it were all."""
        return super().missed(since, place, max_bytes)._replace(gap=False)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Make every room proud."""
        plant_in_rooms(hub, Proud)

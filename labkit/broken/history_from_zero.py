"""since is taken for the first event to give, not for the last one known."""

from math import inf

from labkit.broken.planted import Planted, plant_in_rooms
from labkit.rules.fields import Since
from labkit.rules.rooms import Membership, Missed, Room
from labkit.wire.hub import Hub
from labkit.wire.member import Member

FOUND_BY = ("rooms/15",)


class OffByOne(Room[Member]):
    """Gives one event too few."""

    def missed(self, since: Since | None, place: Membership, max_bytes: float = inf) -> Missed:
        """All but the oldest."""
        found = super().missed(since, place, max_bytes)
        return found._replace(events=found.events[1:])


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Make every room count from the wrong end."""
        plant_in_rooms(hub, OffByOne)

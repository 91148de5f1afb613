"""A requestId is remembered without its user, so one user's silences another's."""

from labkit.broken.planted import Planted, plant_in_rooms
from labkit.rules.rooms import Event, Room
from labkit.wire.hub import Hub
from labkit.wire.member import Member

FOUND_BY = ("rooms/18",)


class Forgetful(Room[Member]):
    """Knows what was asked, and not by whom."""

    def find_repeated(self, user_id: str, request_id: str, now: float) -> Event | None:
        """The event of anybody's request."""
        for user, said in self._requests:
            if said == request_id:
                return super().find_repeated(user, request_id, now)
        return None


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Make every room forgetful."""
        plant_in_rooms(hub, Forgetful)

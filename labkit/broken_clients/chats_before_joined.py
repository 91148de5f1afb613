"""What is said goes out as soon as join is asked for; the server closes with 1008."""

from labkit.broken_clients.planted import Planted
from labkit.wire.client.room import ClientRoom
from labkit.wire.client.state import ClientState

FOUND_BY = ("entry/2",)


class Broken(Planted):
    """Our client with this fault."""

    async def join(self, room_id: str) -> ClientRoom:
        """Ask to enter, and do not wait for the answer."""
        room = self._new_room(room_id)
        self._requests.join(room_id, None)
        return room

    def _is_in(self, room_id: str) -> bool:
        """Whether it believes that the server counts it among the members."""
        return self.state is ClientState.OPEN and room_id in self.rooms

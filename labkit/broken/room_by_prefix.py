"""Members are looked up by the beginning of the room's name, so a room hears its namesakes."""

from typing import Any

from labkit.broken.planted import Planted
from labkit.rules import answers
from labkit.wire.hub import Hub

FOUND_BY = ("rooms/6",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Tell the members of every room whose name begins like this one."""
        tell = hub.state.path.broadcast

        def tell_more(members: Any, said: answers.Answer, body: bytes) -> None:
            name = said["roomId"]
            others = [room for room in hub.state.rooms if room.room_id.startswith(name) and room.room_id != name]
            tell([*members, *(member for room in others for member in room.members)], said, body)

        hub.state.path.broadcast = tell_more  # type: ignore[assignment, method-assign]

"""No largest frame is told to the parser: the size is checked when the whole message is in memory."""

from labkit.broken.planted import Planted
from labkit.wire.connection import Connection

FOUND_BY = ("protocol/3",)


class Hungry(Connection):
    """Takes a frame of any size."""

    def _shake_hands(self, data: bytes) -> None:
        self.frames.max_fragment_size = None
        super()._shake_hands(data)


class Broken(Planted):
    """Our server with this fault."""

    connection = Hungry

"""It does not say where it stopped hearing, so what was said meanwhile is lost to it."""

from labkit.broken_clients.planted import Planted
from labkit.wire.client.asking import Asking
from labkit.wire.client.room import ClientRoom

FOUND_BY = ("words/4",)


class Blank(Asking):
    """Joins as if for the first time."""

    def join(self, room: ClientRoom) -> None:
        """May we come in?"""
        room.epoch = None
        super().join(room)


class Broken(Planted):
    """Our client with this fault."""

    def plant(self) -> None:
        """Ask without a memory."""
        self.asking.__class__ = Blank

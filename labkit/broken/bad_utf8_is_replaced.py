"""Bytes that are no UTF-8 are replaced, and what is left is read."""

from websockets.frames import Frame

from labkit.broken.planted import Planted
from labkit.rules.actions import Close
from labkit.wire.assembly import Assembly
from labkit.wire.connection import Connection
from labkit.wire.http.routes import Http
from labkit.wire.hub import Hub

FOUND_BY = ("protocol/5",)


class Lax(Assembly):
    """Replaces what it cannot read."""

    def add(self, frame: Frame) -> bytes | Close | None:
        """Take a frame, whatever is in it."""
        frame.data = bytes(frame.data).decode("utf-8", "replace").encode()
        return super().add(frame)


class LaxConnection(Connection):
    """Has a lax assembly."""

    def __init__(self, hub: Hub, http: Http) -> None:
        super().__init__(hub, http)
        self.assembly = Lax(hub.state.limits.max_message_bytes)


class Broken(Planted):
    """Our server with this fault."""

    connection = LaxConnection

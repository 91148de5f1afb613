"""Binary frames are decoded like text."""

from websockets.frames import Frame, Opcode

from labkit.broken.planted import Planted
from labkit.rules.actions import Close
from labkit.wire.assembly import Assembly
from labkit.wire.connection import Connection
from labkit.wire.http.routes import Http
from labkit.wire.hub import Hub

FOUND_BY = ("protocol/4",)


class Lax(Assembly):
    """Takes binary for text."""

    def add(self, frame: Frame) -> bytes | Close | None:
        """Take a frame of either kind."""
        frame.opcode = Opcode.TEXT if frame.opcode is Opcode.BINARY else frame.opcode
        return super().add(frame)


class LaxConnection(Connection):
    """Has a lax assembly."""

    def __init__(self, hub: Hub, http: Http) -> None:
        super().__init__(hub, http)
        self.assembly = Lax(hub.state.limits.max_message_bytes)


class Broken(Planted):
    """Our server with this fault."""

    connection = LaxConnection

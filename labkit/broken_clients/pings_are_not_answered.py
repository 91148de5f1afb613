"""No pong is sent, so every server takes it for dead."""

from typing import Any

from websockets.frames import Frame, Opcode

from labkit.broken_clients.planted import Planted
from labkit.wire.client.link import Link

FOUND_BY = ("line/1",)


class Rude(Link):
    """Sends no pongs."""

    async def open(self) -> None:
        """Connect."""
        await super().open()
        assert self._socket is not None
        protocol: Any = self._socket.protocol
        send = protocol.send_frame

        def send_frame(frame: Frame) -> None:
            if frame.opcode is not Opcode.PONG:
                send(frame)

        protocol.send_frame = send_frame


class Broken(Planted):
    """Our client with this fault."""

    link = Rude

"""Faults in how a client handles its connection: pings, unknown messages and idle periods."""

import asyncio
from typing import Any

from websockets.frames import Frame, Opcode

from labkit.broken_clients.planted import Planted
from labkit.wire.client.dispatcher import Dispatcher
from labkit.wire.client.link import Link

KNOWN = ("auth_ok", "joined", "left", "chat", "pong", "error", "reconnect")


class PingsAreNotAnswered(Planted):
    """The client sends no pong, so every server considers it dead."""

    found_by = ("line/1",)

    class link(Link):
        async def open(self) -> None:
            await super().open()
            assert self._socket is not None
            protocol: Any = self._socket.protocol
            send = protocol.send_frame

            def send_frame(frame: Frame) -> None:
                if frame.opcode is not Opcode.PONG:
                    send(frame)

            protocol.send_frame = send_frame


class UnknownTypeEndsIt(Planted):
    """An unknown message type raises an unhandled error, so a newer server crashes the client."""

    found_by = ("line/2",)

    class dispatcher(Dispatcher):
        def dispatch(self, message: dict[str, Any]) -> None:
            if message["type"] not in KNOWN:
                raise ValueError(message["type"])
            super().dispatch(message)


class SilenceIsBelieved(Planted):
    """The client has no idle timeout, so it waits forever if the server vanishes without a close."""

    found_by = ("line/3",)

    class link(Link):
        async def _watch(self, _socket: Any) -> None:
            await asyncio.Event().wait()

"""Faults in the WebSocket layer: the handshake, frames and UTF-8."""

import re

from websockets.frames import Frame, Opcode

from labkit.broken.planted import Planted, end_process
from labkit.rules.actions import Close
from labkit.wire.connection import Connection
from labkit.wire.hub import Hub
from labkit.wire.member import Member
from labkit.wire.message_assembly import MessageAssembly


class UnmaskedFrameEndsAll(Planted):
    """A violation of RFC 6455 ends the process, because nothing handles the error. A supervisor restarts it."""

    found_by = ("protocol/1", "protocol/3", "protocol/6", "protocol/7", "protocol/8")

    class connection(Connection):
        def _notice_protocol_close(self) -> None:
            frames = self.frames
            if frames.parser_exc is not None and frames.close_rcvd is None and frames.close_sent is not None:
                end_process(self.hub)
            super()._notice_protocol_close()


class LongTypeEndsAll(Planted):
    """An unknown type is copied into the close reason. Beyond 123 bytes the library raises, and the process ends."""

    found_by = ("protocol/2",)

    def plant(self, hub: Hub) -> None:
        receive = hub.receive

        def receive_or_end(connection: Member, raw: bytes) -> None:
            unknown = re.search(rb'"type":"([a-z]+)"', raw)
            if unknown is not None and len(unknown[1]) > 100:
                end_process(hub)
            receive(connection, raw)

        hub.receive = receive_or_end  # type: ignore[method-assign]


class GiantFrameIsTaken(Planted):
    """The parser has no frame limit. The size is checked only when the whole message is in memory."""

    found_by = ("protocol/3",)

    class connection(Connection):
        def _shake_hands(self, data: bytes) -> None:
            self.frames.max_fragment_size = None
            super()._shake_hands(data)


class BinaryIsText(Planted):
    """Binary frames are decoded as if they were text."""

    found_by = ("protocol/4",)

    class assembly(MessageAssembly):
        def add(self, frame: Frame) -> bytes | Close | None:
            frame.opcode = Opcode.TEXT if frame.opcode is Opcode.BINARY else frame.opcode
            return super().add(frame)


class BadUtf8IsReplaced(Planted):
    """Invalid UTF-8 is replaced instead of refused."""

    found_by = ("protocol/5",)

    class assembly(MessageAssembly):
        def add(self, frame: Frame) -> bytes | Close | None:
            frame.data = bytes(frame.data).decode("utf-8", "replace").encode()
            return super().add(frame)


class AnyOrigin(Planted):
    """A page of any origin may connect."""

    found_by = ("protocol/13",)

    def plant(self, hub: Hub) -> None:
        hub.state.admission.origin_allowed = lambda *_: True  # type: ignore[method-assign]

"""The way in of one connection: what its peer sends becomes whole messages, and each is given to the hub.

    library --> message -------------------------> hub.receive
        \\--> frame --> assembly --> message --/
                \\--> a ping, a pong, a part: asks for nothing, and counts against the rate all the same

Taught in notebooks 04 (validation) and 05 (heartbeat).
"""

from time import monotonic
from typing import TYPE_CHECKING

from websockets.frames import Frame, Opcode

from labkit.wire.assembly import NOT_UTF8, Assembly, is_utf8

if TYPE_CHECKING:
    from labkit.wire.connection import Connection


class Incoming:
    """What one client says."""

    __slots__ = ("_connection", "assembly")

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self.assembly = Assembly(connection.hub.limits.max_message_bytes)

    def take(self, said: bytes | Frame) -> None:
        """A short message that was read without the library, or a frame that it read."""
        if isinstance(said, bytes):
            self._take_text(said)
        elif said.opcode in (Opcode.PING, Opcode.PONG):
            self._take_control(said)
        elif said.opcode is not Opcode.CLOSE:
            message = self.assembly.add(said)
            if isinstance(message, bytes):
                self._take_text(message)
            elif message is not None:
                self._connection.hub.perform(self._connection, message)
            else:
                self._take_filler()

    def _take_text(self, message: bytes) -> None:
        connection = self._connection
        if is_utf8(message):
            connection.received += 1
            connection.hub.receive(connection, message)
        else:
            connection.hub.perform(connection, NOT_UTF8)

    def _take_control(self, frame: Frame) -> None:
        if frame.opcode is Opcode.PING:
            self._connection.send_pongs()
        heartbeat = self._connection.heartbeat if frame.opcode is Opcode.PONG else None
        if heartbeat is not None and heartbeat.pong(bytes(frame.data), monotonic()):
            self._connection.arm()
        else:
            self._take_filler()

    def _take_filler(self) -> None:
        """A frame that asks for nothing: a ping, a needless pong, a fragment that is not the last."""
        too_many = self._connection.session.control_frame(monotonic())
        if too_many is not None:
            self._connection.hub.perform(self._connection, too_many)

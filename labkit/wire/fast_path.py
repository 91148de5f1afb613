"""How an event reaches the members of its room: the fast path and the plain path, side by side.

    plain   for each member: JSON, frame, write        500 members: 500 encodings and 500 system calls an event
    fast    JSON and frame once; for each member: queue it; at the end of the tick: one write a member

A server's frames carry no mask, so the bytes for one member are the bytes for all: building them once is free of
tricks. Writing at the end of the tick joins everything said to a member while one batch of input was worked through
into one system call, and system calls are most of what a broadcast costs. That is what makes the difference between
80,000 and more than a million deliveries a second.

What it costs: a lone message waits for the end of the tick, some microseconds; all members share one frame, so nothing
in it can be for one of them alone (`duplicate: true` is a message of its own); and there is a list to keep, with a mark
on each connection in it, where the plain path has nothing. `--set fast_path=off` takes the plain path: what arrives is
the same, and the tests run on both. Taught in notebook 06 (slow consumers).
"""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from labkit.rules.answers import Answer, encode
from labkit.rules.outbox import Offer
from labkit.wire.frames import text_frame

if TYPE_CHECKING:
    from labkit.wire.connection import Connection


class PlainPath:
    """A frame for each member, written at once."""

    def tell(self, members: "Iterable[Connection]", said: Answer, _: bytes) -> "list[Connection]":
        """Offer an event to members; those whose outbox overflowed."""
        return [member for member in members if member.offer(text_frame(encode(said))) is Offer.OVERFLOW]

    def offered(self, connection: "Connection") -> None:
        """A frame is in this connection's outbox."""
        connection.outgoing.flush()


class FastPath:
    """One frame for all members; one write a member a tick."""

    def __init__(self) -> None:
        self._due: list[Connection] = []

    def tell(self, members: "Iterable[Connection]", _: Answer, body: bytes) -> "list[Connection]":
        """Offer an event, whose text is `body`, to members; those whose outbox overflowed."""
        frame = text_frame(body)
        return [member for member in members if member.offer(frame) is Offer.OVERFLOW]

    def offered(self, connection: "Connection") -> None:
        """A frame is in this connection's outbox."""
        if connection.outgoing.is_due:
            return
        connection.outgoing.is_due = True
        if not self._due:
            asyncio.get_running_loop().call_soon(self._write)
        self._due.append(connection)

    def _write(self) -> None:
        due, self._due = self._due, []
        for connection in due:
            connection.outgoing.flush()

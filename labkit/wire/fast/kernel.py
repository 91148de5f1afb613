"""Writes that go to the kernel, past the transport: 3 us a member and event in place of 5.

The kernel nearly always has room. `transport.write` finds that out, as it must, behind a dozen of questions; for a room
of 500 the answers are the same 500 times. So they are asked once, when something changes: `Outgoing.way` is the file
descriptor of a connection that nothing waits for, and NO_WAY as soon as something does. Whoever has a way is written
to right here, in one loop, and what the kernel does not take goes to the transport, which waits as it always does.

What it costs: a file descriptor is held beside the transport that owns it, and must never be used once that is gone.
TLS has no way past its transport. Taught in notebook 06 (slow consumers).
"""

import asyncio
import os
import socket
from collections.abc import Iterable

from labkit.wire.member import Member
from labkit.wire.outgoing import NO_WAY, WRITE_CHUNK_BYTES


def way_past(transport: asyncio.Transport) -> int:
    """The file descriptor that may be written to in place of this transport; NO_WAY where there is none."""
    sock: socket.socket | None = transport.get_extra_info("socket")
    if sock is None or transport.get_extra_info("sslcontext") is not None or os.name != "posix":
        return NO_WAY
    return sock.fileno()


def write_at_once(members: Iterable[Member]) -> None:
    """Write to each member what it was told in this tick: for nearly all of a room the same, so it is joined once."""
    write = os.write
    same: list[bytes] = []
    data, size = b"", 0
    for member in members:
        due = member.due
        if not due:
            continue
        if due != same:
            same = due.copy()
            data = due[0] if len(due) == 1 else b"".join(due)
            size = len(data)
        outgoing = member.outgoing
        way = outgoing.way
        if way == NO_WAY or size > WRITE_CHUNK_BYTES:
            member.write_due()
            continue
        member.sent += len(due)
        due.clear()
        if size > outgoing.largest_bytes:
            outgoing.largest_bytes = size
        try:
            taken = write(way, data)
        except OSError:  # the kernel is full, or the peer is gone: the transport finds out which, and acts on it
            taken = 0
        if taken < size:
            outgoing.write_rest(data, taken)
            member.arm()  # for the age of what is waiting now

"""Broadcast an event to the members of its room: the fast path and the plain path, side by side.

    plain   for each member: JSON, frame, write        500 members: 500 encodings and 500 system calls per event
    fast    JSON and frame once; for each member a reference, and one write at the end of the tick

Workload: broadcasts to a large room. Server frames are unmasked, so all members get the same bytes, which are built
only once. Writing at the end of the tick joins all of a member's frames into one system call, and system calls are most
of the cost of a broadcast. It is the difference between 80,000 and more than a million deliveries per second.

Cost: a single message waits a few microseconds for the end of the tick. All members share one frame, so it cannot
contain anything for just one member (`duplicate: true` is a separate message). Writing to a room of 5,000 would block
everybody else for 30 ms. So a tick writes for only a few milliseconds, rooms take turns, and the rest is written in the
next tick. Each member has its own list of frames, so taking turns never changes the order.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from time import monotonic

from labkit.platform.sockets import NO_FD
from labkit.rules.answers import Answer, encode
from labkit.rules.messages import decode
from labkit.wire.fast.kernel import direct_fd, write_at_once
from labkit.wire.fast.short_messages import decode_quickly
from labkit.wire.frames import text_frame
from labkit.wire.member import Member

TICK_S = 0.004  # the longest time spent writing before the event loop runs anything else
MEMBERS_PER_TURN = 64
BYTES_PER_TICK = 256 * 1024  # for all members; beyond this, write before the end of the tick


class PlainPath:
    """Builds a separate frame for each member, and writes it immediately."""

    decode = staticmethod(decode)

    def fd(self, _: asyncio.Transport) -> int:
        """Return NO_FD, because everything goes through the transport."""
        return NO_FD

    def broadcast(self, members: Iterable[Member], event: Answer, _: bytes) -> None:
        """Send an event to the members of its room."""
        for member in members:
            self.send(member, text_frame(encode(event)))

    def send(self, connection: Member, frame: bytes) -> None:
        """Send a frame to one connection."""
        connection.due.append(frame)
        connection.write_due()


class FastPath:
    """Builds one frame for all members, and writes to each member once per tick."""

    decode = staticmethod(decode_quickly)
    fd = staticmethod(direct_fd)

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._rooms: dict[int, Sequence[Member]] = {}  # rooms with frames from this tick, by the list's id()
        self._singles: list[Member] = []
        self._unfinished: deque[Iterator[Member]] = deque()  # per room, the members still to write to
        self._tick_bytes = 0
        self._is_scheduled = False

    def broadcast(self, members: Sequence[Member], _: Answer, body: bytes) -> None:
        """Send an event with the JSON `body` to members. The sequence must not change afterwards."""
        if not members:
            return
        frame = text_frame(body)
        for member in members:
            member.due.append(frame)
        self._rooms[id(members)] = members
        self._schedule(frame)

    def send(self, connection: Member, frame: bytes) -> None:
        """Send a frame to one connection, after its earlier frames."""
        if not connection.due:
            self._singles.append(connection)
        connection.due.append(frame)
        self._schedule(frame)

    def _schedule(self, frame: bytes) -> None:
        self._tick_bytes += len(frame)
        if self._tick_bytes > BYTES_PER_TICK:
            self._write()
        elif not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._on_end_of_tick)

    def _on_end_of_tick(self) -> None:
        self._is_scheduled = False
        self._write()

    def _write(self) -> None:
        self._unfinished.extend(map(iter, self._rooms.values()))
        self._unfinished.append(iter(self._singles))
        self._rooms, self._singles, self._tick_bytes = {}, [], 0
        ends = self._clock() + TICK_S
        while self._unfinished:
            turn = self._unfinished.popleft()
            members = list(islice(turn, MEMBERS_PER_TURN))
            write_at_once(members)
            if len(members) == MEMBERS_PER_TURN:
                self._unfinished.append(turn)
            if self._clock() >= ends:
                break
        if self._unfinished and not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._on_end_of_tick)

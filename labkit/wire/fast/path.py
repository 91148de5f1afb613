"""How an event reaches the members of its room: the fast path and the plain path, side by side.

    plain   for each member: JSON, frame, write        500 members: 500 encodings and 500 system calls an event
    fast    JSON and frame once; for each member: a reference; at the end of the tick: one write a member

A server's frames carry no mask, so the bytes for one member are the bytes for all: building them once is free of
tricks. Writing at the end of the tick joins everything said to a member while one batch of input was worked through
into one system call, and system calls are most of what a broadcast costs. That is what makes the difference between
80,000 and more than a million deliveries a second.

What it costs: a lone message waits for the end of the tick, some microseconds; all members share one frame, so nothing
in it can be for one of them alone (`duplicate: true` is a message of its own); and one write for a room of 5,000
would keep everybody else waiting for 30 ms. So a tick writes for a few milliseconds at most, rooms take turns, and
what is left is written in the next one. Each member has a list of its own, so order never depends on whose turn it is.
`--set fast_path=off` takes the plain path: what arrives is the same, and the tests run on both. Taught in notebook 06
(slow consumers).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from time import monotonic

from labkit.rules.answers import Answer, encode
from labkit.rules.messages import decode
from labkit.wire.fast.kernel import direct_fd, write_at_once
from labkit.wire.fast.short_messages import decode_quickly
from labkit.wire.frames import text_frame
from labkit.wire.member import Member
from labkit.wire.outgoing import NO_FD

TICK_S = 0.004  # of writing, before everything else on the loop has its turn
MEMBERS_PER_TURN = 64
BYTES_PER_TICK = 256 * 1024  # told to anybody; beyond it we do not wait for the end of the tick


class PlainPath:
    """A frame for each member, written at once."""

    decode = staticmethod(decode)

    def fd(self, _: asyncio.Transport) -> int:
        """Everything goes through the transport."""
        return NO_FD

    def broadcast(self, members: Iterable[Member], event: Answer, _: bytes) -> None:
        """Send an event to members."""
        for member in members:
            self.send(member, text_frame(encode(event)))

    def send(self, connection: Member, frame: bytes) -> None:
        """Send a frame to one connection."""
        connection.due.append(frame)
        connection.write_due()


class FastPath:
    """One frame for all members; one write a member a tick."""

    decode = staticmethod(decode_quickly)
    fd = staticmethod(direct_fd)

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._rooms: dict[int, Sequence[Member]] = {}  # told something in this tick, by the identity of the list
        self._singles: list[Member] = []
        self._unfinished: deque[Iterator[Member]] = deque()  # those who are due, and how far we have come
        self._tick_bytes = 0
        self._is_scheduled = False

    def broadcast(self, members: Sequence[Member], _: Answer, body: bytes) -> None:
        """Send an event, whose text is `body`, to members: a sequence that is not changed any more."""
        if not members:
            return
        frame = text_frame(body)
        for member in members:
            member.due.append(frame)
        self._rooms[id(members)] = members
        self._schedule(frame)

    def send(self, connection: Member, frame: bytes) -> None:
        """Send a frame to one connection, behind what it has been told before."""
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

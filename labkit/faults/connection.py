"""One connection through the proxy: two pipes, one per direction, each with a chain of faults.

    source --read--> [ fault, fault, ... ] --write--> target

A pipe reads only while its chain has room. So if a fault holds bytes back, first the kernel's buffers fill up, and then
the sender's.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterable, Sequence
from itertools import pairwise
from random import Random
from time import time
from typing import NamedTuple

from labkit.faults.fault import HELD_BYTES, End, Fault, Item, Stage, Start
from labkit.faults.frames import FrameCutter
from labkit.faults.sockets import close_gracefully, reset, send_fin

UP, DOWN = "up", "down"  # client to server, server to client
DIRECTIONS = (UP, DOWN)


class Chain:
    """A chain of faults. The bytes that leave one stage enter the next.

    `seed` identifies the connection and the direction. Each stage has its own random numbers, so its neighbours do not
    affect them.
    """

    def __init__(self, faults: Iterable[Fault], seed: str, cutter: FrameCutter, now: float) -> None:
        starts = [
            fault.start(Start(Random(f"{seed} {place}"), cutter.copy(), now)) for place, fault in enumerate(faults, 1)
        ]
        self._stages = [Stage(), *starts]  # the first passes everything, so an empty chain is not a special case

    def push(self, items: Sequence[Item], now: float) -> None:
        """Accept bytes, or the end of the stream."""
        for item in items:
            self._stages[0].push(item, now)

    def pull(self, now: float) -> Item | None:
        """Return the next item that may leave the chain now, if any."""
        for stage, after in pairwise(self._stages):
            while (item := stage.pull(now)) is not None:
                after.push(item, now)
        return self._stages[-1].pull(now)

    def next_at(self) -> float | None:
        """Return when to pull again even if nothing is pushed, or None if there is no need to."""
        return min((at for stage in self._stages if (at := stage.next_at()) is not None), default=None)

    def held_bytes(self) -> int:
        """Return how many bytes all stages hold together."""
        return sum(stage.held_bytes() for stage in self._stages)

    def free_bytes(self) -> int:
        """Return how many more bytes the fullest stage accepts."""
        return min(stage.free_bytes() for stage in self._stages)

    def release(self) -> list[Item]:
        """Remove and return everything, oldest first: the oldest items are in the last stage."""
        return [item for stage in reversed(self._stages) for item in stage.release()]


class Peer:
    """One end of a connection, as the proxy sees it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.is_gone = False  # whether it was reset, so that it neither sends nor receives any more


class Pipe:
    """One direction of a connection. `passed_bytes` counts the bytes that reached the target."""

    def __init__(self, source: Peer, target: Peer, faults: Sequence[Fault], seed: str) -> None:
        self.passed_bytes = 0
        self._source, self._target = source, target
        self._loop = asyncio.get_running_loop()
        self._cutter = FrameCutter()  # at the target's position, after the last byte written
        self._chain = Chain(faults, seed, self._cutter, self._loop.time())
        self._writing = b""
        self._source_end: End | None = None
        self._has_sent_fin = False
        self._may_write, self._may_read = asyncio.Event(), asyncio.Event()

    @property
    def held_bytes(self) -> int:
        """The number of bytes that the pipe holds."""
        return self._chain.held_bytes() + len(self._writing)

    def set(self, faults: Sequence[Fault], seed: str) -> None:
        """Replace the faults. Bytes that the old faults held go through the new ones first."""
        now, released = self._loop.time(), self._chain.release()
        if self._source_end is not None and self._source_end not in released:
            released.append(self._source_end)
        self._chain = Chain(faults, seed, self._cutter, now)
        self._chain.push(released, now)
        self._may_write.set()
        self._may_read.set()

    async def run(self) -> End:
        """Run until the pipe ends, and return how. FIN ends only this direction; CLOSE and RESET end both."""
        reading = asyncio.create_task(self._read())
        try:
            return await self._write()
        finally:
            reading.cancel()
            await asyncio.wait([reading])

    async def _read(self) -> None:
        while self._source_end is None:
            while (free := self._chain.free_bytes()) <= 0:
                self._may_read.clear()
                await self._may_read.wait()
            item = await self._receive(min(free, HELD_BYTES))
            if isinstance(item, End):
                self._source_end = item
            self._chain.push([item], self._loop.time())
            self._may_write.set()

    async def _receive(self, most_bytes: int) -> bytes | End:
        try:
            return await self._loop.sock_recv(self._source.sock, most_bytes) or End.FIN
        except OSError:
            self._source.is_gone = True
            return End.RESET

    async def _write(self) -> End:
        while not (self._source.is_gone and self._target.is_gone):
            item = self._chain.pull(self._loop.time())
            self._may_read.set()
            if isinstance(item, bytes):
                await self._send(item)
            elif item is End.FIN:
                self._has_sent_fin = True
                send_fin(self._target.sock)
            elif item is not None:
                return item
            elif self._has_sent_fin and self._source_end is not None:
                return End.FIN
            else:
                await self._wait()
        return End.RESET

    async def _send(self, data: bytes) -> None:
        """Write one piece to the target, unless it is gone or has received FIN."""
        self._cutter.cut(data)
        self._writing = data
        if not self._has_sent_fin and not self._target.is_gone:
            try:
                await self._loop.sock_sendall(self._target.sock, data)
                self.passed_bytes += len(data)
            except OSError:
                self._target.is_gone = True
        self._writing = b""
        await asyncio.sleep(0)  # let the target read this piece before the next one joins it

    async def _wait(self) -> None:
        """Wait until something is pushed, the faults change, or a stage has an item due."""
        self._may_write.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(self._chain.next_at()):
                await self._may_write.wait()


class Traffic(NamedTuple):
    """How many bytes one connection has carried, and how many it holds.

    `since` is in seconds since 1970. `port` is the proxy's own port on its connection to the server.
    """

    number: int
    since: float
    bytes_up: int
    bytes_down: int
    held_up: int
    held_down: int
    open: bool
    port: int


class ProxiedConnection:
    """A connection with its two pipes. `number` counts accepted connections from 0; `faults` maps each direction."""

    def __init__(
        self, number: int, client: socket.socket, server: socket.socket, faults: dict[str, Sequence[Fault]], seed: str
    ) -> None:
        self.number = number
        self.since = time()
        self.is_open = True
        self.port: int = server.getsockname()[1]
        self._socks = [client, server]
        client_end, server_end = Peer(client), Peer(server)
        self._pipes = {
            UP: Pipe(client_end, server_end, faults[UP], f"{seed} {UP}"),
            DOWN: Pipe(server_end, client_end, faults[DOWN], f"{seed} {DOWN}"),
        }

    def set(self, direction: str, faults: Sequence[Fault], seed: str) -> None:
        """Replace the faults of one direction."""
        self._pipes[direction].set(faults, f"{seed} {direction}")

    @property
    def traffic(self) -> Traffic:
        """The connection's traffic so far."""
        up, down = self._pipes[UP], self._pipes[DOWN]
        held = (up.held_bytes, down.held_bytes) if self.is_open else (0, 0)
        return Traffic(self.number, self.since, up.passed_bytes, down.passed_bytes, *held, self.is_open, self.port)

    async def run(self) -> None:
        """Carry bytes in both directions until the connection ends."""
        pipes = [asyncio.create_task(pipe.run()) for pipe in self._pipes.values()]
        end = End.RESET
        try:
            end = await _first_end(pipes)
        finally:
            for pipe in pipes:
                pipe.cancel()
            await asyncio.wait(pipes)
            self.is_open = False
            await self._end(end)

    async def _end(self, end: End) -> None:
        try:
            if end is End.CLOSE:
                await close_gracefully(self._socks)
        finally:
            for sock in self._socks:
                reset(sock) if end is End.RESET else sock.close()


async def _first_end(pipes: list[asyncio.Task[End]]) -> End:
    """Wait for the pipes, and return the first CLOSE or RESET. If both end with FIN, return FIN."""
    for pipe in asyncio.as_completed(pipes):
        end = await pipe
        if end is not End.FIN:
            return end
    return End.FIN

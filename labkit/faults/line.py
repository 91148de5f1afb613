"""One direction of one connection, between two sockets.

    source --read--> [ chain of faults ] --write--> target

It reads only while the chain has room, so a fault that holds bytes fills the kernel's buffers and then the sender's.
One task reads, one writes; both stop with `run`.
"""

import asyncio
import contextlib
import socket
from collections.abc import Sequence

from labkit.faults.chain import Chain
from labkit.faults.fault import HELD_BYTES, End, Fault
from labkit.faults.frames import Cutter
from labkit.faults.sockets import say_no_more


class Side:
    """One of the two ends of a connection, as the proxy sees it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.is_gone = False  # it was reset: nothing can be said to it, and nothing more comes


class Line:
    """`passed` bytes have gone on; `seed` names the line for the chance of its faults."""

    def __init__(self, source: Side, target: Side, faults: Sequence[Fault], seed: str) -> None:
        self.passed = 0
        self._source, self._target = source, target
        self._loop = asyncio.get_running_loop()
        self._cutter = Cutter()  # stands where the target stands: at the last byte that went on
        self._chain = Chain(faults, seed, self._cutter, self._loop.time())
        self._writing = b""
        self._source_end: End | None = None
        self._is_over = False  # the target was told that no more comes
        self._may_write, self._may_read = asyncio.Event(), asyncio.Event()

    @property
    def held(self) -> int:
        """Bytes that are in here."""
        return self._chain.held() + len(self._writing)

    def set(self, faults: Sequence[Fault], seed: str) -> None:
        """Other faults from now on; what the old ones held goes through the new ones first."""
        now, released = self._loop.time(), self._chain.release()
        if self._source_end is not None and self._source_end not in released:
            released.append(self._source_end)
        self._chain = Chain(faults, seed, self._cutter, now)
        self._chain.push(released, now)
        self._may_write.set()
        self._may_read.set()

    async def run(self) -> End:
        """Until the line is over: FIN for this direction, CLOSE and RESET for the whole connection."""
        reading = asyncio.create_task(self._read())
        try:
            return await self._write()
        finally:
            reading.cancel()
            await asyncio.wait([reading])

    # Reading

    async def _read(self) -> None:
        while self._source_end is None:
            while (room := self._chain.room()) <= 0:
                self._may_read.clear()
                await self._may_read.wait()
            item = await self._receive(min(room, HELD_BYTES))
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

    # Writing

    async def _write(self) -> End:
        while not (self._source.is_gone and self._target.is_gone):
            item = self._chain.pull(self._loop.time())
            self._may_read.set()
            if isinstance(item, bytes):
                await self._send(item)
            elif item is End.FIN:
                self._is_over = True
                say_no_more(self._target.sock)
            elif item is not None:
                return item
            elif self._is_over and self._source_end is not None:
                return End.FIN
            else:
                await self._wait()
        return End.RESET

    async def _send(self, data: bytes) -> None:
        """Write one piece; to a target that is gone or was told the end, nothing."""
        self._cutter.cut(data)
        self._writing = data
        if not self._is_over and not self._target.is_gone:
            try:
                await self._loop.sock_sendall(self._target.sock, data)
                self.passed += len(data)
            except OSError:
                self._target.is_gone = True
        self._writing = b""
        await asyncio.sleep(0)  # let the other side read this piece before the next one is behind it

    async def _wait(self) -> None:
        """Until something was pushed or changed, or a stage asks to be pulled."""
        self._may_write.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(self._chain.next_at()):
                await self._may_write.wait()

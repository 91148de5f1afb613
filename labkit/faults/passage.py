"""One connection through the proxy: two lines, and how they end together."""

import asyncio
import socket
from collections.abc import Sequence
from time import time
from typing import NamedTuple

from labkit.faults.fault import End, Fault
from labkit.faults.line import Line, Side
from labkit.faults.sockets import part, reset

UP, DOWN = "up", "down"  # client to server, server to client
DIRECTIONS = (UP, DOWN)


class Traffic(NamedTuple):
    """What one connection has carried and holds, in bytes; `since` is seconds since 1970, `port` ours at the server."""

    number: int
    since: float
    bytes_up: int
    bytes_down: int
    held_up: int
    held_down: int
    open: bool
    port: int


class Passage:
    """A connection. `number` counts from 0 in the order of accept; `faults` and `seeds` are by direction."""

    def __init__(
        self, number: int, client: socket.socket, server: socket.socket, faults: dict[str, Sequence[Fault]], seed: str
    ) -> None:
        self.number = number
        self.since = time()
        self.is_open = True
        self.port: int = server.getsockname()[1]
        self._sides = Side(client), Side(server)
        us, them = self._sides
        self._lines = {
            UP: Line(us, them, faults[UP], f"{seed} {UP}"),
            DOWN: Line(them, us, faults[DOWN], f"{seed} {DOWN}"),
        }

    def set(self, direction: str, faults: Sequence[Fault], seed: str) -> None:
        """Other faults from now on."""
        self._lines[direction].set(faults, f"{seed} {direction}")

    @property
    def traffic(self) -> Traffic:
        """What it has carried so far."""
        up, down = self._lines[UP], self._lines[DOWN]
        held = (up.held, down.held) if self.is_open else (0, 0)
        return Traffic(self.number, self.since, up.passed, down.passed, *held, self.is_open, self.port)

    async def run(self) -> None:
        """Until it is over."""
        lines = [asyncio.create_task(line.run()) for line in self._lines.values()]
        end = End.RESET
        try:
            end = await _first_end(lines)
        finally:
            for line in lines:
                line.cancel()
            await asyncio.wait(lines)
            self.is_open = False
            await self._end(end)

    async def _end(self, end: End) -> None:
        socks = [side.sock for side in self._sides]
        try:
            if end is End.CLOSE:
                await part(socks)
        finally:
            for sock in socks:
                reset(sock) if end is End.RESET else sock.close()


async def _first_end(lines: list[asyncio.Task[End]]) -> End:
    """The end that ends both lines; FIN when each has ended by itself."""
    for line in asyncio.as_completed(lines):
        end = await line
        if end is not End.FIN:
            return end
    return End.FIN

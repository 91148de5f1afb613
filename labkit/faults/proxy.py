"""A proxy that stands in front of any TCP server and treats its bytes as a bad network would.

client --- up: [fault, fault, ...] ---> server
client <-- down: [fault, fault, ...] -- server

async with Proxy("ws://127.0.0.1:8080") as proxy:
    proxy.set(down=[Throttle(bytes_per_s=2000)])
    ...                                              # connect to proxy.url
    proxy.heal()
"""

import asyncio
import socket
from collections import deque
from collections.abc import Coroutine, Sequence
from typing import Self
from urllib.parse import urlsplit

from labkit.faults.connection import DIRECTIONS, DOWN, UP, ProxiedConnection, Traffic
from labkit.faults.fault import Fault
from labkit.faults.schedule import Schedule
from labkit.faults.sockets import connected, listening, reset
from labkit.platform.accepting import Accepting

ENDED_KEPT = 10_000


class Proxy:
    """A TCP proxy on a free loopback port. Use it with `async with`; leaving the block resets open connections.

    A fault's random numbers depend only on `seed`, the connection's number, the direction, and the fault's place in
    the chain. Call `set` and `heal` on the event loop that entered the proxy.
    """

    def __init__(self, server_url: str, *, seed: int = 0) -> None:
        """Prepare a proxy for a server. Raises ValueError if the address lacks a host or a port."""
        parts = urlsplit(server_url)
        if not parts.hostname or not parts.port:
            raise ValueError("a proxy needs a server address with a port, such as ws://127.0.0.1:8080")
        self.server_url = server_url
        self.seed = seed
        self._faults: dict[str, Sequence[Fault]] = dict.fromkeys(DIRECTIONS, ())
        self._only: dict[tuple[int, str], Sequence[Fault]] = {}
        self._open: dict[int, ProxiedConnection] = {}  # by number
        self._ended: deque[Traffic] = deque(maxlen=ENDED_KEPT)
        self._listener: socket.socket | None = None
        self._count = 0  # connections accepted so far
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The server's URL with the proxy's own host and port. Raises RuntimeError outside `async with`."""
        if self._listener is None:
            raise RuntimeError("the proxy is not running; use `async with Proxy(...) as proxy`")
        parts, port = urlsplit(self.server_url), self._listener.getsockname()[1]
        return parts._replace(netloc=f"127.0.0.1:{port}").geturl()

    @property
    def connections(self) -> list[Traffic]:
        """The traffic of each connection, in the order accepted: all open ones, and the 10,000 that ended last."""
        return sorted([*self._ended, *(connection.traffic for connection in self._open.values())])

    def set(
        self, *, down: Sequence[Fault] | None = None, up: Sequence[Fault] | None = None, only: int | None = None
    ) -> None:
        """Set the faults for all current and future connections, or only for the connection numbered `only`.

        If you omit a direction, its faults stay. Bytes that the old faults held go through the new ones first.
        """
        for direction, faults in ((UP, up), (DOWN, down)):
            if faults is not None:
                self._set(direction, tuple(faults), only)

    def heal(self, only: int | None = None) -> None:
        """Remove all faults. The bytes that they held flow on."""
        self.set(down=(), up=(), only=only)

    async def play(self, schedule: Schedule) -> None:
        """Set faults at the schedule's times, using its seed. Return after the last step."""
        loop, self.seed = asyncio.get_running_loop(), schedule.seed
        began = loop.time()
        for step in schedule.steps:
            await asyncio.sleep(began + step.at_s - loop.time())
            self._set(step.direction, tuple(step.faults), step.only)

    def _set(self, direction: str, faults: Sequence[Fault], only: int | None) -> None:
        if only is not None:
            self._only[only, direction] = faults
        else:
            self._faults[direction] = faults
            self._only = {key: kept for key, kept in self._only.items() if key[1] != direction}
        for number, connection in self._open.items():
            if only in (None, number):
                connection.set(direction, faults, self._seed_of(number))

    async def __aenter__(self) -> Self:
        self._listener = listening()
        self._accepting = Accepting(self._listener, self._accepted)
        self._accepting.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._accepting.stop()
        self._listener = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _accepted(self, client: socket.socket) -> None:
        self._start(self._carry(self._count, client))
        self._count += 1

    async def _carry(self, number: int, client: socket.socket) -> None:
        """Carry one connection from start to end. If no server is listening, reset the client."""
        try:
            server = await connected(self.server_url)
        except BaseException as error:
            reset(client)
            if isinstance(error, OSError):
                return
            raise
        faults = {direction: self._faults_of(number, direction) for direction in DIRECTIONS}
        connection = ProxiedConnection(number, client, server, faults, self._seed_of(number))
        self._open[number] = connection
        try:
            await connection.run()
        finally:
            self._ended.append(self._open.pop(number).traffic)

    def _faults_of(self, number: int, direction: str) -> Sequence[Fault]:
        return self._only.get((number, direction), self._faults[direction])

    def _seed_of(self, number: int) -> str:
        return f"{self.seed} {number}"

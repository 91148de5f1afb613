"""Members of a lab's room that publish at an adjustable rate; one of them can be made to read slowly.

    async with Population(lab, members=50, rate=20) as population:     # on the background loop
        population.rate = 200
        population.read_at(2000)                                       # bytes per second; None: as fast as it can
        population.freeze(); population.heal()

The slow member connects through a proxy of `labkit.faults`, the others directly.
"""

import asyncio
from contextlib import AsyncExitStack
from time import monotonic
from typing import TYPE_CHECKING, Self

from labkit.faults import Proxy
from labkit.faults.kinds.stall import Stall
from labkit.faults.kinds.throttle import Throttle
from labkit.wire.client.client import Client
from labkit.wire.client.room import ClientRoom
from labkit.wire.client.state import BufferFull, ClientClosed

if TYPE_CHECKING:
    from labkit.bench.launch.lab import Lab

ROOM = "room:crowd"
TEXT = "x" * 400
SPEAKERS = 5
TICK_S = 0.02


class Population:
    """A number of members in one room of a lab."""

    def __init__(self, lab: "Lab", members: int = 50, rate: float = 10.0) -> None:
        """`rate`: total messages per second across all speakers. Raises ValueError."""
        if members < 2:
            raise ValueError(f"members={members} must be at least 2, because one of them is the slow one")
        self.rate = rate
        self.sent = self.failed = 0
        self.clients: list[Client] = []
        self._lab = lab
        self._members = members
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        try:
            await self._connect()
        except BaseException:  # interrupted half-way: leave no client behind
            await self.__aexit__(None, None, None)
            raise
        return self

    async def _connect(self) -> None:
        lab = self._lab
        self._proxy = await self._stack.enter_async_context(Proxy(lab.url))
        addresses = [self._proxy.url] + [lab.url] * (self._members - 1)
        rooms = []
        for number, url in enumerate(addresses):
            client = Client(url, lab.token)
            self.clients.append(client)
            lab.clients["the slow one" if number == 0 else f"member {number}"] = client
            await self._stack.enter_async_context(client)
            rooms.append(await client.join(ROOM))
        self._tasks = [asyncio.create_task(_read(room)) for room in rooms]
        self._tasks.append(asyncio.create_task(self._talk(rooms[1 : 1 + SPEAKERS])))

    async def __aexit__(self, *_: object) -> None:
        mine = set(map(id, self.clients))
        for name in [name for name, client in self._lab.clients.items() if id(client) in mine]:
            del self._lab.clients[name]
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    def read_at(self, bytes_per_s: float | None) -> None:
        """Set how fast the slow member reads; None means as fast as it can."""
        self._proxy.set(down=[] if bytes_per_s is None else [Throttle(bytes_per_s=bytes_per_s)])

    def freeze(self) -> None:
        """Stall the slow member's network, as in a tunnel: TCP stays connected, but nothing passes."""
        self._proxy.set(down=[Stall()], up=[Stall()])

    def heal(self) -> None:
        """Remove every fault from the slow member's network."""
        self._proxy.heal()

    async def _talk(self, rooms: list[ClientRoom]) -> None:
        """Publish messages when they are due, whether or not earlier ones were answered (open loop)."""
        due, before = 0.0, monotonic()
        answers: set[asyncio.Task[None]] = set()
        while True:
            await asyncio.sleep(TICK_S)
            now = monotonic()
            due += self.rate * (now - before)
            before = now
            while due >= 1:
                due -= 1
                self.sent += 1
                answer = asyncio.create_task(self._publish(rooms[self.sent % len(rooms)]))
                answers.add(answer)
                answer.add_done_callback(answers.discard)

    async def _publish(self, room: ClientRoom) -> None:
        try:
            await room.chat(TEXT)
        except (BufferFull, ClientClosed):  # the server is away for long, or the population is closing
            self.failed += 1


async def _read(room: ClientRoom) -> None:
    async for _ in room:
        pass

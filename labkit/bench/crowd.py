"""Members of a lab's room who talk at a rate that can be turned, and one of them who reads as slowly as one likes.

    async with Crowd(lab, members=50, rate=20) as crowd:     # on the background loop
        crowd.rate = 200
        crowd.read_at(2000)                                  # bytes a second; None: as fast as it can
        crowd.freeze(); crowd.heal()

The slow member's connection goes through a proxy of `faults`; the others connect directly.
"""

import asyncio
from contextlib import AsyncExitStack
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self

from labkit.faults import Proxy, Stall, Throttle
from labkit.wire.client.client import Client
from labkit.wire.client.room import ClientRoom
from labkit.wire.client.state import BufferFull, ClientClosed

if TYPE_CHECKING:
    from labkit.bench.launch.lab import Lab

ROOM = "room:crowd"
TEXT = "x" * 400
SPEAKERS = 5
TICK_S = 0.02


class Crowd:
    """Some members in one room of a lab."""

    def __init__(self, lab: "Lab", members: int = 50, rate: float = 10.0) -> None:
        if members < 2:
            raise ValueError("a crowd has at least 2 members: one of them is the slow one")
        self.rate = rate  # messages a second, all speakers together
        self.said = self.unsaid = 0
        self.clients: list[Client] = []
        self._lab = lab
        self._members = members
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        try:
            await self._come()
        except BaseException:  # interrupted half-way: nobody stays behind
            await self.__aexit__(None, None, None)
            raise
        return self

    async def _come(self) -> None:
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
        self._tasks = [asyncio.create_task(_hear(room)) for room in rooms]
        self._tasks.append(asyncio.create_task(self._talk(rooms[1 : 1 + SPEAKERS])))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        mine = set(map(id, self.clients))
        for name in [name for name, client in self._lab.clients.items() if id(client) in mine]:
            del self._lab.clients[name]
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    def read_at(self, bytes_per_s: float | None) -> None:
        """How fast the slow member reads."""
        self._proxy.set(down=[] if bytes_per_s is None else [Throttle(bytes_per_s=bytes_per_s)])

    def freeze(self) -> None:
        """The slow member's network stands still, as in a tunnel: TCP is alive, nothing passes."""
        self._proxy.set(down=[Stall()], up=[Stall()])

    def heal(self) -> None:
        """No fault any more."""
        self._proxy.heal()

    async def _talk(self, rooms: list[ClientRoom]) -> None:
        """Open loop: what is due is said, whether or not earlier answers have come."""
        due, before = 0.0, monotonic()
        answers: set[asyncio.Task[None]] = set()
        while True:
            await asyncio.sleep(TICK_S)
            now = monotonic()
            due += self.rate * (now - before)
            before = now
            while due >= 1:
                due -= 1
                self.said += 1
                answer = asyncio.create_task(self._say(rooms[self.said % len(rooms)]))
                answers.add(answer)
                answer.add_done_callback(answers.discard)

    async def _say(self, room: ClientRoom) -> None:
        try:
            await room.chat(TEXT)
        except (BufferFull, ClientClosed):  # the server is away for long, or the crowd goes home
            self.unsaid += 1


async def _hear(room: ClientRoom) -> None:
    async for _ in room:
        pass

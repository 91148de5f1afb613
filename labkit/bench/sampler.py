"""Measure each client's round trip, buffers and connection age four times per second, for the live panels of a lab.

The sampler is one task on the background loop. It queries the server as an operator would.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from time import time
from typing import Any

from labkit.bench.timeline.merge import BufferSample
from labkit.samples import Store
from labkit.wire.client.client import Client
from labkit.wire.client.state import ClientClosed, Refused, Stopped

EVERY_S = 0.25
FOLLOW_EVERY_S = 0.1
AT_ONCE = 4
SAMPLES_KEPT = 20_000
ROUND_TRIP = "round trip ms: {}"
BUFFER = "buffer bytes: {}"  # what waits for this client now, in the server and its kernel
RECENT = "outbox bytes: {}"  # the most that waited in the server within about the last second
LARGEST = "largest buffer bytes: {}"  # the most that ever waited in the server, also between two samples
HELD = "held kB: {}"  # what waits in a hop
AGE = "age s: {}"  # how long the connection of the moment has been open


class Sampler:
    """Fill a store with samples of each client, by name, of the server's connections, and of the lab's hops.

    `ask` returns the connections, and `held` the bytes that each hop holds, by its name.
    """

    def __init__(
        self,
        store: Store,
        clients: dict[str, Client],
        ask: Callable[[], list[dict[str, Any]]],
        held: Callable[[], dict[str, int]],
    ) -> None:
        self._store = store
        self._clients = clients
        self._ask = ask
        self._held = held
        self._turn = 0
        self.samples: deque[BufferSample] = deque(maxlen=SAMPLES_KEPT)  # for timelines

    async def run(self) -> None:
        """Sample until cancelled, even while the server is down."""
        while True:
            await asyncio.gather(*(self._round_trip(name, client) for name, client in self._next()))
            if self._clients:
                with contextlib.suppress(OSError, ValueError):
                    self._buffers(await asyncio.to_thread(self._ask))
            for name, held in self._held().items():
                self._store.add(HELD.format(name), held / 1000)
            await asyncio.sleep(EVERY_S)

    async def follow(self, user: str) -> None:
        """Sample the largest outbox among a user's connections until cancelled, even while the server is down."""
        while True:
            with contextlib.suppress(OSError, ValueError):
                lines = await asyncio.to_thread(self._ask)
                peaks = [line["outboxPeakBytes"] for line in lines if line["userId"] == user]
                self._store.add(LARGEST.format(user), max(peaks, default=0))
            await asyncio.sleep(FOLLOW_EVERY_S)

    def _next(self) -> list[tuple[str, Client]]:
        """Return the next few clients. Measuring many clients therefore costs no more than measuring AT_ONCE."""
        clients = list(self._clients.items())
        self._turn += AT_ONCE
        return [clients[(self._turn + number) % len(clients)] for number in range(min(AT_ONCE, len(clients)))]

    async def _round_trip(self, name: str, client: Client) -> None:
        with contextlib.suppress(ClientClosed, Refused, Stopped, TimeoutError):
            async with asyncio.timeout(EVERY_S):
                self._store.add(ROUND_TRIP.format(name), 1000 * await client.ping())

    def _buffers(self, lines: list[dict[str, Any]]) -> None:
        names = {client.connection_id: name for name, client in self._clients.items()}
        for line in lines:
            name = names.get(line["connectionId"])
            if name is not None:
                waiting = line["outboxBytes"] + (line["kernelBytes"] or 0)
                self.samples.append(BufferSample(time(), line["connectionId"], waiting, line["oldestMs"]))
                self._store.add(BUFFER.format(name), waiting)
                self._store.add(RECENT.format(name), line["outboxRecentBytes"])
                self._store.add(LARGEST.format(name), line["outboxPeakBytes"])
                self._store.add(AGE.format(name), line["ageS"])

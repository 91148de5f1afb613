"""Torture: clients publish while servers are killed and connections break; then every history is checked.

    result = asyncio.run(Torture(TorturePlan(seconds=30, kills=5), folder).run())
    result.json()                       # {"acked": 5123, "lost": 0, ...}

`plan` has the schedule, `target` the servers, `client` the clients, and `checker` the invariants.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from labkit.bench.torture.checker import TortureResult, check
from labkit.bench.torture.client import TorturedClient, all_received, ghost
from labkit.bench.torture.history import Observation
from labkit.bench.torture.plan import TorturePlan, schedule
from labkit.bench.torture.target import TortureTarget

ROOMS_EACH = 2
GHOST_EVERY_S = 3.0
SETTLE_S = 90.0  # for the last answers and the last deliveries


class Torture:
    """One torture run. `stop` ends it early; the messages sent until then are still checked."""

    def __init__(self, plan: TorturePlan, folder: Path, on_second: Callable[["Torture"], None] | None = None) -> None:
        """`folder` will hold the audit files."""
        self.plan = plan
        self.elapsed_s = 0.0
        self.target = TortureTarget(plan, folder)
        self.clients: list[TorturedClient] = []
        self._on_second = on_second
        self._ghosts: list[Observation] = []
        self._stop = asyncio.Event()

    @property
    def acked(self) -> int:
        """How many messages were acked so far."""
        return sum(client.acked for client in self.clients)

    def stop(self) -> None:
        """Stop publishing, and stop causing faults."""
        self._stop.set()

    async def run(self) -> TortureResult:
        """Run the torture to its end. Raises ServerDied, and any error that ended a client."""
        async with self.target:
            await self._enter()
            await self._publish_and_disrupt()
            await self._settle()
            await self.target.read_log()
        histories = {client.name: client.history for client in self.clients} | {"ghosts": self._ghosts}
        broken = self.target.broken() + self.target.unreconciled()
        return check(histories, self.target.stored(), self.target.kills, broken)

    async def _enter(self) -> None:
        plan, target = self.plan, self.target
        rooms = [f"torture:{number}" for number in range(plan.rooms)]
        for number in range(plan.clients):
            own = [rooms[(number + step) % plan.rooms] for step in range(min(ROOMS_EACH, plan.rooms))]
            name = f"client-{number}"
            self.clients.append(TorturedClient(target.url, target.token, name, own, f"{plan.seed} {name}"))
        await asyncio.gather(*(client.enter() for client in self.clients))

    async def _publish_and_disrupt(self) -> None:
        every_s, quiet = self.plan.clients / self.plan.rate, asyncio.Event()
        talking = [asyncio.create_task(client.talk(every_s, quiet)) for client in self.clients]
        acting = [asyncio.create_task(part) for part in (self._disrupt(), self._send_ghosts(), self._tick())]
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.plan.seconds):
                    await self._stop.wait()
            self._stop.set()
            await acting[0]  # waits for a server that is restarting
            self.target.heal()
            quiet.set()
            with contextlib.suppress(TimeoutError):  # an unanswered message shows in the result
                async with asyncio.timeout(SETTLE_S):
                    await asyncio.gather(*talking)
        finally:
            for task in (*acting, *talking):
                task.cancel()
            await asyncio.gather(*acting, *talking, return_exceptions=True)

    async def _disrupt(self) -> None:
        started = monotonic()
        for step in schedule(self.plan):
            if await self._stopped_before(started + step.at_s):
                return
            await self.target.disrupt(step)

    async def _stopped_before(self, moment: float) -> bool:
        """Wait until a moment. Return whether the run was stopped in the meantime."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(moment - monotonic()):
                await self._stop.wait()
        return self._stop.is_set()

    async def _send_ghosts(self) -> None:
        for number in itertools.count():
            if await self._stopped_before(monotonic() + GHOST_EVERY_S):
                return
            room, request = f"torture:{number % self.plan.rooms}", f"ghost-{number}"
            if await ghost(self.target.url, self.target.token, room, request):
                self._ghosts.append(Observation("ghost", room, request=request))

    async def _tick(self) -> None:
        started = monotonic()
        while True:
            await asyncio.sleep(1)
            self.elapsed_s = monotonic() - started
            if self._on_second is not None:
                self._on_second(self)

    async def _settle(self) -> None:
        """Wait until every member has received all events of its rooms.

        Any that are still missing show in the result.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                while not all_received(self.clients):
                    await asyncio.sleep(0.05)
        await asyncio.gather(*(client.leave() for client in self.clients))

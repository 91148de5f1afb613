"""Torture: clients talk while servers are killed and lines are torn; then every history is checked.

    verdict = asyncio.run(Torture(TorturePlan(seconds=30, kills=5), folder).run())
    verdict.json()                      # {"acked": 5123, "lost": 0, ...}

Read `plan` for what is done when, `tortured` for who suffers it, `checker` for what must hold. Taught in notebook 10.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from labkit.bench.torture.checker import check
from labkit.bench.torture.history import Record
from labkit.bench.torture.plan import Step, TorturePlan, schedule
from labkit.bench.torture.tortured import Tortured, ghost
from labkit.bench.torture.verdict import Verdict
from labkit.bench.torture.world import World

ROOMS_EACH = 2
GHOST_EVERY_S = 3.0
SETTLE_S = 90.0  # for the last answers and the last deliveries


class Torture:
    """One run. `stop` ends it early: what was said until then is checked all the same."""

    def __init__(self, plan: TorturePlan, folder: Path, on_second: Callable[["Torture"], None] | None = None) -> None:
        """`folder` gets the audit files."""
        self.plan = plan
        self.elapsed_s = 0.0
        self.world = World(plan, folder)
        self.clients: list[Tortured] = []
        self._on_second = on_second
        self._ghosts: list[Record] = []
        self._stop = asyncio.Event()

    @property
    def acked(self) -> int:
        """So far."""
        return sum(client.acked for client in self.clients)

    def stop(self) -> None:
        """Say nothing more, kill nothing more."""
        self._stop.set()

    async def run(self) -> Verdict:
        """Raises ServerDied, and what ended a client."""
        async with self.world:
            await self._enter()
            await self._suffer()
            await self._settle()
            await self.world.read_log()
        histories = {client.name: client.history for client in self.clients} | {"ghosts": self._ghosts}
        broken = self.world.broken() + self.world.unreconciled()
        return check(histories, self.world.stored(), self.world.kills, broken)

    async def _enter(self) -> None:
        plan, world = self.plan, self.world
        rooms = [f"torture:{number}" for number in range(plan.rooms)]
        for number in range(plan.clients):
            own = [rooms[(number + step) % plan.rooms] for step in range(min(ROOMS_EACH, plan.rooms))]
            name = f"client-{number}"
            self.clients.append(Tortured(world.url, world.token, name, own, f"{plan.seed} {name}"))
        await asyncio.gather(*(client.enter() for client in self.clients))

    async def _suffer(self) -> None:
        every_s, hush = self.plan.clients / self.plan.rate, asyncio.Event()
        talking = [asyncio.create_task(client.talk(every_s, hush)) for client in self.clients]
        acting = [asyncio.create_task(part) for part in (self._act(), self._haunt(), self._tick())]
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.plan.seconds):
                    await self._stop.wait()
            self._stop.set()
            await acting[0]  # a server that is being started again is waited for
            self.world.heal()
            hush.set()
            with contextlib.suppress(TimeoutError):  # who was never answered shows in the verdict
                async with asyncio.timeout(SETTLE_S):
                    await asyncio.gather(*talking)
        finally:
            for task in (*acting, *talking):
                task.cancel()
            await asyncio.gather(*acting, *talking, return_exceptions=True)

    async def _act(self) -> None:
        started = monotonic()
        for step in schedule(self.plan):
            if await self._stopped_before(started + step.at_s):
                return
            await self._do(step)

    async def _do(self, step: Step) -> None:
        await self.world.do(step)

    async def _stopped_before(self, moment: float) -> bool:
        """Wait until a moment; whether everything was stopped meanwhile."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(moment - monotonic()):
                await self._stop.wait()
        return self._stop.is_set()

    async def _haunt(self) -> None:
        for number in itertools.count():
            if await self._stopped_before(monotonic() + GHOST_EVERY_S):
                return
            room, request = f"torture:{number % self.plan.rooms}", f"ghost-{number}"
            if await ghost(self.world.url, self.world.token, room, request):
                self._ghosts.append(Record("ghost", room, request=request))

    async def _tick(self) -> None:
        started = monotonic()
        while True:
            await asyncio.sleep(1)
            self.elapsed_s = monotonic() - started
            if self._on_second is not None:
                self._on_second(self)

    async def _settle(self) -> None:
        """Until every member has heard its rooms to their ends; who never does shows in the verdict."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                while not self._all_heard():
                    await asyncio.sleep(0.05)
        await asyncio.gather(*(client.leave() for client in self.clients))

    def _all_heard(self) -> bool:
        heard = [(room, client.heard_up_to(room)) for client in self.clients for room in client.room_ids]
        newest: dict[str, int] = {}
        for room, seq in heard:
            newest[room] = max(newest.get(room, 0), seq)
        return all(seq == newest[room] for room, seq in heard)

"""A deploy drill: clients publish, version 2 goes live behind a drain, an operator decides, and everything is checked.

result = asyncio.run(Drill(DeployPlan(seed=3), folder, operator).run())
result.holds                  # rolled back in time, everybody connected, nothing lost or doubled
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from labkit.bench.deploy.dashboard import Look, look
from labkit.bench.deploy.plan import ROOMS, ROOMS_EACH, DeployPlan, Fault
from labkit.bench.deploy.versions import Versions
from labkit.bench.torture.checker import TortureResult, check
from labkit.bench.torture.client import TorturedClient, all_received
from labkit.bench.torture.target import stored_events
from labkit.wire.audit.verify import verify
from labkit.wire.client.state import ClientState

SETTLE_S = 30.0
UNDECIDED_S = 3.0  # without a rollback, waiting brings nobody back
AT_MOST_S = 180.0  # for the acked events that are still missing after a rollback

# Returns once the operator wants to roll back; False: version 2 is to stay. It may look at the server's own address.
Operator = Callable[[str], Awaitable[bool]]


@dataclass(frozen=True)
class DrillResult:
    """The figures of a drill. `decided_after_s`: from version 2's start to the order to roll back, None without one."""

    fault: Fault
    decided_after_s: float | None
    disconnected: tuple[str, ...]
    events: int
    checked: TortureResult

    @property
    def faults(self) -> list[str]:
        """Return what went wrong, a sentence each."""
        found = [] if self.decided_after_s is not None else ["nobody rolled version 2 back, and it is still live"]
        found += [f"{name} was left disconnected" for name in self.disconnected]
        if self.checked.acked < self.events:
            found.append(f"only {self.checked.acked} of {self.events} events were acked")
        return found + list(self.checked.violations)

    @property
    def holds(self) -> bool:
        """Whether the rollback came in time, and nothing was lost, doubled or left disconnected."""
        return not self.faults and self.checked.holds

    def json(self) -> dict[str, Any]:
        """Return what `labkit drill deploy --json` prints."""
        figures = {"fault": self.fault.name, "decided_after_s": self.decided_after_s}
        return figures | {"disconnected": len(self.disconnected), **self.checked.json()}


class Drill:
    """One drill. `on_look` receives a look at the live version each second."""

    def __init__(
        self, plan: DeployPlan, folder: Path, operator: Operator, on_look: Callable[[Look], None] = lambda _: None
    ) -> None:
        """`folder` will hold the audit file."""
        self.plan = plan
        self.versions = Versions(folder)
        self.clients: list[TorturedClient] = []
        self._operator = operator
        self._on_look = on_look
        self._decided_after_s: float | None = None

    @property
    def acked(self) -> int:
        """How many messages were acked so far."""
        return sum(client.acked for client in self.clients)

    @property
    def _settle_s(self) -> float:
        return UNDECIDED_S if self._decided_after_s is None else SETTLE_S

    async def run(self) -> DrillResult:
        """Run the drill to its end. Raises ServerDied."""
        async with self.versions:
            await self._enter()
            await self._publish()
            disconnected = await self._settle()
        histories = {client.name: client.history for client in self.clients}
        audit, verdict = self.versions.audit, await asyncio.to_thread(verify, self.versions.audit)
        broken = [] if verdict.is_intact else [f"{audit.name} is {verdict}"]
        checked = check(histories, {audit.name: stored_events(audit)}, broken=broken)
        return DrillResult(self.plan.fault, self._decided_after_s, tuple(disconnected), self.plan.events, checked)

    async def _enter(self) -> None:
        rooms = [f"drill:{number}" for number in range(ROOMS)]
        for number in range(self.plan.clients):
            own = [rooms[(number + step) % ROOMS] for step in range(ROOMS_EACH)]
            name, seed = f"client-{number}", f"{self.plan.seed} client-{number}"
            self.clients.append(TorturedClient(self.versions.url, self.versions.token, name, own, seed))
        await asyncio.gather(*(client.enter() for client in self.clients))

    async def _publish(self) -> None:
        every_s, quiet = self.plan.clients / self.plan.rate, asyncio.Event()
        talking = [asyncio.create_task(client.talk(every_s, quiet)) for client in self.clients]
        watching = asyncio.create_task(self._watch())
        try:
            await self._deploy_and_decide()
            quiet.set()
            with contextlib.suppress(TimeoutError):  # an unanswered message shows in the result
                async with asyncio.timeout(self._settle_s):
                    await asyncio.gather(*talking)
        finally:
            for task in (watching, *talking):
                task.cancel()
            await asyncio.gather(watching, *talking, return_exceptions=True)

    async def _deploy_and_decide(self) -> None:
        await asyncio.sleep(self.plan.before_s)
        await self.versions.deploy(self.plan.fault)
        began, decided = monotonic(), False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.plan.decide_s):
                decided = await self._operator(self.versions.server_url)
        if not decided:
            return
        self._decided_after_s = round(monotonic() - began, 1)
        await self.versions.roll_back()
        await asyncio.sleep(self.plan.after_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(AT_MOST_S):
                while self.acked < self.plan.events:
                    await asyncio.sleep(0.1)

    async def _watch(self) -> None:
        acked = self.acked
        while True:
            await asyncio.sleep(1)
            now, self_version = self.acked, self.versions.live
            self._on_look(await asyncio.to_thread(look, self.versions.server_url, self_version, now - acked))
            acked = now

    async def _settle(self) -> list[str]:
        """Wait until everybody has received everything. Return the clients that are not connected."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settle_s):
                while not all_received(self.clients):
                    await asyncio.sleep(0.05)
        away = [client.name for client in self.clients if client.client.state is not ClientState.OPEN]
        await asyncio.gather(*(client.leave() for client in self.clients), return_exceptions=True)
        return away

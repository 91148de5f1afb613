"""Load on a room server: rooms full of members who talk, and how late everybody heard it.

    result = labkit.run(labkit.load("ws://localhost:8080", rooms=5, members=20, rate=200, seconds=10))
    result.p99_ms

Open loop (`rate`): what is due is said, whatever became of the messages before, and a latency begins when its message
was *due*. So a server, or a tester, that stands still for a second shows in every message of that second. Closed loop
(rate None): each room says the next thing when it has heard the last, and such a second shows once: this is coordinated
omission. Taught in notebook 06 (slow consumers).
"""

import asyncio
import secrets
from array import array
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import count, cycle
from time import monotonic
from typing import Any

from labkit.bench.load.member import LoadFailed, Member, enter
from labkit.bench.load.result import LoadPlan, LoadResult, percentile

__all__ = ["Load", "LoadFailed", "LoadPlan", "LoadResult", "load"]

AT_ONCE = 50  # that enter at the same time
QUIET_S = 2.0  # without a delivery, at the end: what has not come by then is lost
ANSWER_S = 5.0  # closed loop: after this, the next one
TEXT = "x" * 100


class Load:
    """One run. `stop` ends it early, with what was measured so far."""

    def __init__(self, plan: LoadPlan, on_second: Callable[["Load"], None] | None = None) -> None:
        self.plan = plan
        self.sent = self.delivered = 0
        self.latencies_s = array("d")  # one for each delivery
        self.rooms: list[list[Member]] = []
        self._on_second = on_second
        self._due: dict[str, float] = {}
        self._asked: dict[str, tuple[Member, asyncio.Event]] = {}  # closed loop: who waits for what
        self._refused: Counter[str] = Counter()
        self._late_s = 0.0
        self._heard_at = 0.0
        self._stop = asyncio.Event()
        self._name = secrets.token_hex(4)

    def stop(self) -> None:
        """Say nothing more."""
        self._stop.set()

    async def run(self) -> LoadResult:
        """Enter, talk, wait for the last deliveries, leave. Raises LoadFailed."""
        try:
            await self._enter()
            started = monotonic()
            ticking = asyncio.create_task(self._tick())
            await (self._open_loop() if self.plan.rate is not None else self._closed_loop())
            stopped = monotonic()
            await self._settle()
            ticking.cancel()
            return self._result(max(stopped, self._heard_at) - started)
        finally:
            for member in self._members():
                member.hang_up()

    def _members(self) -> list[Member]:
        return [member for room in self.rooms for member in room]

    async def _enter(self) -> None:
        plan, gate = self.plan, asyncio.Semaphore(AT_ONCE)
        self.rooms = [[] for _ in range(plan.rooms)]

        async def one(room: int) -> None:
            async with gate:
                if not self._stop.is_set():
                    member = await enter(plan.url, plan.token, f"load:{self._name}:{room}", self._hear)
                    self.rooms[room].append(member)

        entering = [asyncio.create_task(one(room)) for room in range(plan.rooms) for _ in range(plan.members)]
        try:
            await asyncio.gather(*entering)
        finally:
            for task in entering:
                task.cancel()
            await asyncio.gather(*entering, return_exceptions=True)

    # Talking

    async def _open_loop(self) -> None:
        """Each message has its moment; what is overdue is said at once, and its latency has begun already."""
        plan, started = self.plan, monotonic()
        assert plan.rate is not None
        for number in range(round(plan.rate * plan.seconds)):
            due = started + number / plan.rate
            await self._until(due)
            if self._stop.is_set():
                return
            self._late_s = max(self._late_s, monotonic() - due)
            room = self.rooms[number % plan.rooms]
            self._say(room[number // plan.rooms % plan.members], f"{self._name}-{number}", due)

    async def _closed_loop(self) -> None:
        numbers, ends = count(), monotonic() + self.plan.seconds

        async def talk(room: list[Member]) -> None:
            for member in cycle(room):
                if monotonic() >= ends or self._stop.is_set() or all(each.ended for each in room):
                    return
                if member.ended is None:
                    await self._ask(member, f"{self._name}-{next(numbers)}")

        await asyncio.gather(*(talk(room) for room in self.rooms if room))

    async def _ask(self, member: Member, name: str) -> None:
        """Say something, and wait until its own speaker hears it, or is refused."""
        _, answered = self._asked[name] = member, asyncio.Event()
        self._say(member, name, monotonic())
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                await answered.wait()
        del self._asked[name]

    def _say(self, member: Member, name: str, due: float) -> None:
        self.sent += 1
        self._due[name] = due
        member.say({"type": "chat", "roomId": member.room_id, "requestId": name, "text": TEXT})

    def _hear(self, member: Member, message: dict[str, Any]) -> None:
        kind, name = message.get("type"), str(message.get("requestId"))
        due = self._due.get(name)
        if kind == "chat" and due is not None:
            self._heard_at = monotonic()
            self.latencies_s.append(self._heard_at - due)
            self.delivered += 1
        elif kind == "error":
            self._refused[str(message.get("code"))] += 1
        asker, answered = self._asked.get(name, (None, None))
        if answered is not None and asker is member:
            answered.set()

    # The end

    async def _settle(self) -> None:
        expected, seen = self.sent * self.plan.members, -1
        while self.delivered < expected and self.delivered != seen:
            seen, waited_from = self.delivered, monotonic()
            while self.delivered == seen and monotonic() - waited_from < QUIET_S:
                await asyncio.sleep(0.02)

    async def _tick(self) -> None:
        while self._on_second is not None:
            await asyncio.sleep(1)
            self._on_second(self)

    async def _until(self, due: float) -> None:
        """Wait, or at least let the others do something: a tester that is behind must go on listening."""
        await asyncio.sleep(0)
        while (early := due - monotonic()) > 0 and not self._stop.is_set():
            await asyncio.sleep(min(early, 0.1))

    def _result(self, elapsed_s: float) -> LoadResult:
        ordered = sorted(self.latencies_s)
        ended = Counter(int(member.ended.code) for member in self._members() if member.ended is not None)
        return LoadResult(
            sent=self.sent,
            delivered=self.delivered,
            per_s=round(self.delivered / elapsed_s, 1) if elapsed_s > 0 else 0.0,
            p50_ms=percentile(ordered, 50),
            p99_ms=percentile(ordered, 99),
            lost=self.sent * self.plan.members - self.delivered,
            late_ms=round(1000 * self._late_s, 1),
            refused=dict(self._refused),
            closes=dict(ended),
        )


async def load(url: str, token: str = "dev-token", **plan: Any) -> LoadResult:
    """Put a load on a server: see LoadPlan for the rest. Raises ValueError, LoadFailed."""
    return await Load(LoadPlan(url, token, **plan)).run()

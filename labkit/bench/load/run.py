"""Load-test a room server: members of several rooms publish at a given rate, and each delivery's latency is measured.

    result = labkit.run(labkit.load("ws://localhost:8080", rooms=5, members=20, rate=200, seconds=10))
    result.p99_ms

Open loop (`rate`): each message is sent when it is due, whatever happened to earlier ones, and its latency starts when
it was *due*. A server, or a tester, that stalls for a second therefore shows in every message of that second. Closed
loop (rate None): each room publishes when its last message has been delivered, so the same second shows only once.
That is coordinated omission.
"""

import asyncio
import secrets
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import count, cycle
from math import ceil
from time import perf_counter
from typing import Any

from labkit.bench.load.member import LoadFailed, LoadMember, enter
from labkit.text.digits import digits
from labkit.wire.client.address import checked

__all__ = ["Load", "LoadFailed", "LoadPlan", "LoadResult", "load"]

AT_ONCE = 50  # members that enter at the same time
QUIET_S = 2.0  # without a delivery, at the end: what has not arrived by then is lost
ANSWER_S = 5.0  # closed loop: how long a member waits for its own message
TEXT = "x" * 100


@dataclass(frozen=True)
class LoadPlan:
    """The parameters of a load test.

    `rate`: messages per second across all rooms; None means a closed loop. Raises ValueError.
    """

    url: str
    token: str = "dev-token"
    rooms: int = 1
    members: int = 10
    rate: float | None = 100.0
    seconds: float = 10.0

    def __post_init__(self) -> None:
        checked(self.url)
        if self.rooms < 1 or self.members < 1:
            raise ValueError("a load needs at least one room with one member")
        if not 0 < self.seconds < 1e6 or (self.rate is not None and not 0 < self.rate < 1e6):
            raise ValueError("rate and seconds must be above 0 and below a million")

    def __repr__(self) -> str:  # without the token
        mode = "closed loop" if self.rate is None else f"{digits(self.rate)} messages a second"
        return f"<load: {self.rooms} rooms of {self.members}, {mode}, for {digits(self.seconds)} s>"


@dataclass(frozen=True)
class LoadResult:
    """The figures of a load. A message counts once per member: `delivered` if it arrived, otherwise `lost`.

    A latency is the time from when a message was due until a member received it. `late_ms`: the tester's own worst
    delay. `refused`: `error` answers by code. `closes`: members that lost their connection, by close code.
    """

    sent: int
    delivered: int
    per_s: float
    p50_ms: float | None
    p99_ms: float | None
    lost: int
    late_ms: float
    refused: dict[str, int]
    closes: dict[int, int]

    def json(self) -> dict[str, Any]:
        """Return what `labkit load --json` prints."""
        figures = asdict(self)
        return {name: figures[name] for name in ("sent", "delivered", "per_s", "p50_ms", "p99_ms", "lost")}


class Load:
    """One run of a load test. `stop` ends it early and keeps what was measured so far."""

    def __init__(self, plan: LoadPlan, on_second: Callable[["Load"], None] | None = None) -> None:
        self.plan = plan
        self.sent = self.delivered = 0
        self.latencies_s = array("d")  # one per delivery
        self.rooms: list[list[LoadMember]] = []
        self._on_second = on_second
        self._due: dict[str, float] = {}
        self._awaited: dict[str, tuple[LoadMember, asyncio.Event]] = {}  # closed loop: by request
        self._refused: Counter[str] = Counter()
        self._late_s = 0.0
        self._delivered_at = 0.0
        self._stop = asyncio.Event()
        self._name = secrets.token_hex(4)

    def stop(self) -> None:
        """Stop publishing, which ends the run."""
        self._stop.set()

    async def run(self) -> LoadResult:
        """Join the rooms, publish, wait for the last deliveries, and leave. Raises LoadFailed."""
        try:
            await self._enter()
            started = perf_counter()
            ticking = asyncio.create_task(self._tick())
            await (self._open_loop() if self.plan.rate is not None else self._closed_loop())
            stopped = perf_counter()
            await self._settle()
            ticking.cancel()
            return self._result(max(stopped, self._delivered_at) - started)
        finally:
            for member in self._members():
                member.abort()

    def _members(self) -> list[LoadMember]:
        return [member for room in self.rooms for member in room]

    async def _enter(self) -> None:
        plan, slots = self.plan, asyncio.Semaphore(AT_ONCE)
        self.rooms = [[] for _ in range(plan.rooms)]

        async def enter_one(room: int) -> None:
            async with slots:
                if not self._stop.is_set():
                    member = await enter(plan.url, plan.token, f"load:{self._name}:{room}", self._received)
                    self.rooms[room].append(member)

        entering = [asyncio.create_task(enter_one(room)) for room in range(plan.rooms) for _ in range(plan.members)]
        try:
            await asyncio.gather(*entering)
        finally:
            for task in entering:
                task.cancel()
            await asyncio.gather(*entering, return_exceptions=True)

    async def _open_loop(self) -> None:
        """Send each message when it is due.

        An overdue message is sent at once; its latency still counts from when it was due.
        """
        plan, started = self.plan, perf_counter()
        assert plan.rate is not None
        for number in range(round(plan.rate * plan.seconds)):
            due = started + number / plan.rate
            await self._sleep_until(due)
            if self._stop.is_set():
                return
            self._late_s = max(self._late_s, perf_counter() - due)
            room = self.rooms[number % plan.rooms]
            self._publish(room[number // plan.rooms % plan.members], f"{self._name}-{number}", due)

    async def _closed_loop(self) -> None:
        numbers, ends = count(), perf_counter() + self.plan.seconds

        async def talk(room: list[LoadMember]) -> None:
            for member in cycle(room):
                if perf_counter() >= ends or self._stop.is_set() or all(each.ended for each in room):
                    return
                if member.ended is None:
                    await self._publish_and_wait(member, f"{self._name}-{next(numbers)}")

        await asyncio.gather(*(talk(room) for room in self.rooms if room))

    async def _publish_and_wait(self, member: LoadMember, request: str) -> None:
        """Publish, and wait until the member receives its own message or an error."""
        _, answered = self._awaited[request] = member, asyncio.Event()
        self._publish(member, request, perf_counter())
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                await answered.wait()
        del self._awaited[request]

    def _publish(self, member: LoadMember, request: str, due: float) -> None:
        self.sent += 1
        self._due[request] = due
        member.send({"type": "chat", "roomId": member.room_id, "requestId": request, "text": TEXT})

    def _received(self, member: LoadMember, message: dict[str, Any]) -> None:
        kind, request = message.get("type"), str(message.get("requestId"))
        due = self._due.get(request)
        if kind == "chat" and due is not None:
            self._delivered_at = perf_counter()
            self.latencies_s.append(self._delivered_at - due)
            self.delivered += 1
        elif kind == "error":
            self._refused[str(message.get("code"))] += 1
        sender, answered = self._awaited.get(request, (None, None))
        if answered is not None and sender is member:
            answered.set()

    async def _settle(self) -> None:
        expected, seen = self.sent * self.plan.members, -1
        while self.delivered < expected and self.delivered != seen:
            seen, waited_from = self.delivered, perf_counter()
            while self.delivered == seen and perf_counter() - waited_from < QUIET_S:
                await asyncio.sleep(0.02)

    async def _tick(self) -> None:
        while self._on_second is not None:
            await asyncio.sleep(1)
            self._on_second(self)

    async def _sleep_until(self, due: float) -> None:
        """Sleep, or at least yield once, because a tester that is behind must still receive."""
        await asyncio.sleep(0)
        while (early := due - perf_counter()) > 0 and not self._stop.is_set():
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


def percentile(ordered_s: Sequence[float], percent: float) -> float | None:
    """Return the latency in ms that `percent` of all latencies do not exceed (nearest rank); None if there are none."""
    if not ordered_s:
        return None
    return round(1000 * ordered_s[ceil(percent / 100 * len(ordered_s)) - 1], 3)


async def load(url: str, token: str = "dev-token", **plan: Any) -> LoadResult:
    """Load-test a server; the other arguments are those of LoadPlan. Raises ValueError, LoadFailed."""
    return await Load(LoadPlan(url, token, **plan)).run()

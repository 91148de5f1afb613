"""How many servers a service needs: measured costs, stated assumptions, and what follows. Pure, but for `measure`.

    costs = measure(lab.pid, lab.url, lab.token)
    plan(costs, Need(connections=1_000_000))

A server is one process on one core. Each server of a cluster reads every event of the log, so adding servers adds
room for connections and deliveries, and none for events: beyond that, rooms must be split over several logs.
Taught in notebook 10 (beyond one process).
"""

import asyncio
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from labkit.bench.load.run import Load, LoadPlan
from labkit.rules.admission import window_ms

KERNEL_KB = 4.0  # of a socket, which no process's memory shows
SAMPLE = 100  # connections that are opened to be measured
TICKS_A_S = 100.0
LOG_SHARE = 0.5  # of a server's core that reading the log may take, before rooms are split over several logs


@dataclass(frozen=True)
class Costs:
    """What one server pays, on this machine. The defaults are one 2-core machine's of 2026, rounded up."""

    connection_kb: float = 30.0
    handshake_us: float = 900.0
    delivery_us: float = 8.0
    event_us: float = 150.0  # to read an event from the log, store it and give it to the room, before anybody hears it


@dataclass(frozen=True)
class Need:
    """What is asked of the service, and how carefully. Raises ValueError."""

    connections: int = 10_000
    said_per_min: float = 0.1  # messages by each connection
    room_size: int = 20
    busy: float = 0.5  # of a core, at most; the rest is for the day when everybody comes back
    server_gb: float = 2.0
    handshakes_per_s: float = 500.0  # that one server lets in
    most_connections: int = 10_000  # of one server

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 0 or (value == 0 and name != "said_per_min"):
                raise ValueError(f"{name} must be more than nothing")
        if self.busy > 1:
            raise ValueError("a core is busy for at most all of the time: busy goes to 1")


@dataclass(frozen=True)
class CapacityPlan:
    """`bound_by`: what decides the number of servers. One more is counted, so that one may be lost."""

    need: Need
    servers: int
    clusters: int
    bound_by: str
    connections_each: int
    memory_gb: float
    deliveries_per_s: float
    events_per_s: float
    busy: float  # of each core
    back_s: float  # until everybody is back, when all lose their connection at once

    def __str__(self) -> str:
        logs = "" if self.clusters == 1 else f", in {self.clusters} clusters with a log each"
        return (
            f"{self.need.connections:,} connections: {self.servers} servers{logs}, bound by {self.bound_by}; "
            f"{self.connections_each:,} connections, {self.memory_gb:.1f} GB and {100 * self.busy:.0f} % of a core "
            f"each; {self.events_per_s:,.0f} events and {self.deliveries_per_s:,.0f} deliveries a second; "
            f"after a storm everybody is back in {self.back_s:.0f} s"
        )


def plan(costs: Costs, need: Need) -> CapacityPlan:
    """The smallest number of servers that meets the need, and one more."""
    events = need.connections * need.said_per_min / 60
    deliveries = events * need.room_size
    clusters = max(1, ceil(events * costs.event_us / 1e6 / (LOG_SHARE * need.busy)))
    each_log = events / clusters * costs.event_us / 1e6  # of every core
    needs = {
        "memory": need.connections * (costs.connection_kb + KERNEL_KB) / 1e6 / need.server_gb,
        "deliveries": deliveries * costs.delivery_us / 1e6 / (need.busy - each_log),
        "the limit of connections": need.connections / need.most_connections,
    }
    bound_by = max(needs, key=lambda name: needs[name])
    working = max(clusters, ceil(needs[bound_by]))
    return CapacityPlan(
        need=need,
        servers=working + clusters,
        clusters=clusters,
        bound_by=bound_by,
        connections_each=ceil(need.connections / working),
        memory_gb=need.connections / working * (costs.connection_kb + KERNEL_KB) / 1e6,
        deliveries_per_s=deliveries,
        events_per_s=events,
        busy=deliveries / working * costs.delivery_us / 1e6 + each_log,
        back_s=window_ms(ceil(need.connections / working), need.handshakes_per_s) / 1000,
    )


async def measure(pid: int, url: str, token: str, seconds: float = 1.5) -> Costs:
    """What this machine pays: a hundred members come in, and talk. Needs /proc; elsewhere, with a warning, Costs()."""
    if not _can_measure(pid):
        return Costs()
    made = Load(LoadPlan(url, token, rooms=2, members=SAMPLE // 2, rate=40, seconds=seconds))
    spent, held = cpu_s(pid), rss_kb(pid)
    entering: list[tuple[float, float]] = []

    async def note_entrance() -> None:
        while sum(map(len, made.rooms)) < SAMPLE:
            await asyncio.sleep(0.005)
        entering.append((cpu_s(pid) - spent, rss_kb(pid) - held))

    noting = asyncio.create_task(note_entrance())
    result = await made.run()
    await noting
    entrance_s, entrance_kb = entering[0]
    talking_s = max(0.01, cpu_s(pid) - spent - entrance_s)
    return Costs(
        connection_kb=max(1.0, entrance_kb / SAMPLE),
        handshake_us=max(1.0, 1e6 * entrance_s / SAMPLE),
        delivery_us=1e6 * talking_s / max(1, result.delivered),
    )


async def measure_log(pid: int, say: Callable[[], Awaitable[object]], events: int = 300) -> float:
    """Microseconds that an event of the log costs a server, few of whose members hear it. `say` publishes one."""
    if not _can_measure(pid):
        return Costs().event_us
    spent = cpu_s(pid)
    await asyncio.gather(*(say() for _ in range(events)))
    return max(1.0, 1e6 * (cpu_s(pid) - spent) / events)


def _can_measure(pid: int) -> bool:
    if Path(f"/proc/{pid}/stat").exists():
        return True
    warnings.warn("there is no /proc to measure with: these costs are those of another machine", stacklevel=3)
    return False


def cpu_s(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_S


def rss_kb(pid: int) -> float:
    """A process's memory."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    return float(status.partition("VmRSS:")[2].split()[0])

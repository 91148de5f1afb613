"""Compute how many servers a service needs from measured costs and stated assumptions.

    costs = measure(lab.pid, lab.url, lab.token)
    plan(costs, Need(connections=1_000_000))

A server is one process on one core. Each server of a cluster reads every event of the log. More servers therefore
carry more connections and deliveries, but not more events: those need several logs, with the rooms split among them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import ceil

from labkit.bench.load.run import Load, LoadPlan
from labkit.platform.processes import cpu_s, rss_kb
from labkit.rules.admission import window_ms

KERNEL_KB = 4.0  # per socket; not part of any process's memory
SAMPLE = 100  # connections opened for the measurement
LOG_SHARE = 0.5  # share of a core that reading the log may take before rooms are split over several logs


@dataclass(frozen=True)
class Costs:
    """The costs of one server. The defaults were measured on a 2-core machine in 2026 and rounded up."""

    connection_kb: float = 30.0
    handshake_us: float = 900.0
    delivery_us: float = 8.0
    event_us: float = 150.0  # to read an event from the log, store it and pass it to the room, without deliveries


@dataclass(frozen=True)
class Need:
    """The load that the service must carry, and how much capacity to keep in reserve. Raises ValueError."""

    connections: int = 10_000
    published_per_min: float = 0.1  # messages per connection
    room_size: int = 20
    busy: float = 0.5  # the most of a core; the rest is for reconnect storms
    server_gb: float = 2.0
    handshakes_per_s: float = 500.0  # that one server accepts
    most_connections: int = 10_000  # on one server

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 0 or (value == 0 and name != "published_per_min"):
                raise ValueError(f"{name}={value:g} must be above 0")
        if self.busy > 1:
            raise ValueError(f"busy={self.busy:g} must be at most 1, which is one whole core")


@dataclass(frozen=True)
class CapacityPlan:
    """How many servers the need takes.

    `bound_by`: the resource that decides. `servers` includes one spare per cluster.
    """

    need: Need
    servers: int
    clusters: int
    bound_by: str
    connections_each: int
    memory_gb: float
    deliveries_per_s: float
    events_per_s: float
    busy: float  # of each core
    back_s: float  # until all clients are back after all lost their connections

    def __str__(self) -> str:
        logs = "" if self.clusters == 1 else f", in {self.clusters} clusters with a log each"
        return (
            f"{self.need.connections:,} connections: {self.servers} servers{logs}, bound by {self.bound_by}; "
            f"{self.connections_each:,} connections, {self.memory_gb:.1f} GB and {100 * self.busy:.0f} % of a core "
            f"each; {self.events_per_s:,.0f} events and {self.deliveries_per_s:,.0f} deliveries a second; "
            f"after a storm everybody is back in {self.back_s:.0f} s"
        )


def plan(costs: Costs, need: Need) -> CapacityPlan:
    """Return the smallest number of servers that meets the need, plus one spare per cluster."""
    events = need.connections * need.published_per_min / 60
    deliveries = events * need.room_size
    clusters = max(1, ceil(events * costs.event_us / 1e6 / (LOG_SHARE * need.busy)))
    each_log = events / clusters * costs.event_us / 1e6  # share of every core
    needs = {
        "memory": need.connections * (costs.connection_kb + KERNEL_KB) / 1e6 / need.server_gb,
        "deliveries": deliveries * costs.delivery_us / 1e6 / (need.busy - each_log),
        "the connection limit": need.connections / need.most_connections,
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
    """Measure what the server process `pid` costs while SAMPLE members connect and publish for `seconds`."""
    made = Load(LoadPlan(url, token, rooms=2, members=SAMPLE // 2, rate=40, seconds=seconds))
    spent, held = cpu_s(pid), rss_kb(pid)
    connecting: list[tuple[float, float]] = []

    async def note_connected() -> None:
        while sum(map(len, made.rooms)) < SAMPLE:
            await asyncio.sleep(0.005)
        connecting.append((cpu_s(pid) - spent, rss_kb(pid) - held))

    noting = asyncio.create_task(note_connected())
    result = await made.run()
    await noting
    connect_s, connect_kb = connecting[0]
    publish_s = max(0.01, cpu_s(pid) - spent - connect_s)
    return Costs(
        connection_kb=max(1.0, connect_kb / SAMPLE),
        handshake_us=max(1.0, 1e6 * connect_s / SAMPLE),
        delivery_us=1e6 * publish_s / max(1, result.delivered),
    )


async def measure_log(pid: int, publish: Callable[[], Awaitable[object]], events: int = 300) -> float:
    """Return the cost of one event in microseconds, on a server with few members. `publish` publishes one event."""
    spent = cpu_s(pid)
    await asyncio.gather(*(publish() for _ in range(events)))
    return max(1.0, 1e6 * (cpu_s(pid) - spent) / events)

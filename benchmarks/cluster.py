"""Measure how much a second server helps: CPU time per message, for one server and for two that share a broker.

`python -m benchmarks.cluster` prints one line per room size. It measures each server's own CPU time, so it also works
on a machine with few cores, where the generator and the broker would limit the throughput.

    speed-up = CPU time per message on a single server / on the busier of two servers      the maximum is 2
"""

import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from labkit.bench.capacity import cpu_s
from labkit.bench.launch.cluster import Cluster
from labkit.bench.launch.server_process import ServerProcess
from labkit.bench.load.run import Load, LoadPlan

ROUNDS = 3
SECONDS = 4.0
SIZES = ((50, 20, 500.0), (5, 200, 100.0), (2, 500, 40.0))  # rooms, members per room, messages per second
SETTINGS = ("messages_per_s=off", "handshakes_per_s=off", "connections_per_address=off", "outbox_age_s=off")
OPTIONS = [part for setting in SETTINGS for part in ("--set", setting)]
TOKEN = "a-token-for-a-benchmark"


async def lone(rooms: int, members: int, rate: float, folder: Path) -> list[float]:
    """Return the CPU time per message, in microseconds, of a single server with an audit file."""
    server = ServerProcess({"DEV_TOKEN": TOKEN}, ["--quiet", "--audit", str(folder / "lone.db"), *OPTIONS])
    url = await asyncio.to_thread(server.start)
    try:
        return await spent([server.pid], url, rooms, members, rate)
    finally:
        await asyncio.to_thread(server.terminate)


async def shared(rooms: int, members: int, rate: float, folder: Path) -> list[float]:
    """Return the CPU time per message, in microseconds, of two servers on one port, then of the broker."""
    async with Cluster(2, folder, token=TOKEN, options=OPTIONS) as cluster:
        pids = [*(server.pid for server in cluster.servers), cluster.broker.pid]
        return await spent(pids, cluster.urls[0], rooms, members, rate)


async def spent(pids: list[int | None], url: str, rooms: int, members: int, rate: float) -> list[float]:
    """Return each process's CPU time per message, not counting the time to connect the members."""
    made = Load(LoadPlan(url, TOKEN, rooms=rooms, members=members, rate=rate, seconds=SECONDS))
    before: list[float] = []

    async def note() -> None:
        while sum(map(len, made.rooms)) < rooms * members:
            await asyncio.sleep(0.005)
        before.extend(cpu_s(pid or 0) for pid in pids)

    noting = asyncio.create_task(note())
    result = await made.run()
    await noting
    assert result.lost == 0, result
    return [1e6 * (cpu_s(pid or 0) - was) / result.sent for pid, was in zip(pids, before)]


async def compare(rooms: int, members: int, rate: float) -> dict[str, Any]:
    """Measure both setups in alternating rounds, and return the medians."""
    ones, twos, brokers = [], [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="labkit-bench-") as folder:
            ones.append((await lone(rooms, members, rate, Path(folder)))[0])
            *servers, broker = await shared(rooms, members, rate, Path(folder) / "cluster")
            twos.append(max(servers))
            brokers.append(broker)
    one, two = statistics.median(ones), statistics.median(twos)
    return {
        "rooms": rooms,
        "members": members,
        "one_us": round(one),
        "each_of_two_us": round(two),
        "broker_us": round(statistics.median(brokers)),
        "speed_up": round(one / two, 2),
    }


async def main() -> None:
    """Print the comparison for every room size."""
    for rooms, members, rate in SIZES:
        print(f"{rooms} rooms of {members}, {rate:g} messages per second", file=sys.stderr, flush=True)
        print(json.dumps(await compare(rooms, members, rate)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())

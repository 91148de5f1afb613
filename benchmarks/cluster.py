"""What a second server brings: processor time a message, one server against two that share a broker.

`python -m benchmarks.cluster`: a line for each size of room, on stdout. Time is of each server alone, from /proc: so a
machine without a core for everybody measures too, where throughput says what the generator and the broker leave over.

    speed-up = time of a message on the lone server / on the busier of the two      2 is the most that two can bring
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
SIZES = ((50, 20, 500.0), (5, 200, 100.0), (2, 500, 40.0))  # rooms, members in each, messages a second
SETTINGS = ("messages_per_s=off", "handshakes_per_s=off", "connections_per_address=off", "outbox_age_s=off")
OPTIONS = [part for setting in SETTINGS for part in ("--set", setting)]
TOKEN = "a-token-for-a-benchmark"


async def lone(rooms: int, members: int, rate: float, folder: Path) -> list[float]:
    """Microseconds a message, of one server with an audit file."""
    server = ServerProcess({"DEV_TOKEN": TOKEN}, ["--quiet", "--audit", str(folder / "lone.db"), *OPTIONS])
    url = await asyncio.to_thread(server.start)
    try:
        return await spent([server.pid], url, rooms, members, rate)
    finally:
        await asyncio.to_thread(server.terminate)


async def shared(rooms: int, members: int, rate: float, folder: Path) -> list[float]:
    """Microseconds a message: two servers on one port, and then the broker."""
    async with Cluster(2, folder, token=TOKEN, options=OPTIONS) as cluster:
        pids = [*(server.pid for server in cluster.servers), cluster.broker.pid]
        return await spent(pids, cluster.urls[0], rooms, members, rate)


async def spent(pids: list[int | None], url: str, rooms: int, members: int, rate: float) -> list[float]:
    """Each process's own time for a message, without what it costs to let everybody in."""
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
    """Paired rounds; medians."""
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
    """All sizes."""
    for rooms, members, rate in SIZES:
        print(f"{rooms} rooms of {members}, {rate:g} messages a second", file=sys.stderr, flush=True)
        print(json.dumps(await compare(rooms, members, rate)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())

"""A soak: thousands of connections and mixed faults for a long time; is memory flat, and is anything left at the end?

`python -m tests.soak --connections 2000 --seconds 1200 --seed 1`: progress on stderr, figures on stdout.

Most connections are direct, and some of them are torn every second and come back with their session; the others go
through a proxy that stalls, throttles, slices and resets them. Rooms talk all the while.
"""

import asyncio
import json
import sys
import tempfile
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any, NamedTuple

from labkit.bench.launch.server_process import ServerProcess
from labkit.bench.load.member import LoadFailed, LoadMember, enter
from labkit.faults import Latency, Proxy, Reset, Slice, Stall, Throttle
from labkit.platform.processes import rss_kb

TOKEN = "a-token-for-a-soak"
ROOMS = 20
THROUGH_PROXY = 0.1
TALK_S = 0.05  # a message so often, in all rooms together
CHURN = 0.002  # of the direct connections are torn every second
FAULTS = ([Stall(3.0)], [Reset()], [Throttle(bytes_per_s=2_000)], [Slice()], [Latency(0.2)])
# What is kept for a while must be full before the last third begins, or growth is only a memory filling up.
SETTINGS = (
    *("handshakes_per_s=off", "connections_per_address=off", "messages_per_s=off"),
    *("dedupe_s=30", "history_events=32", "ping_interval_s=10", "ping_timeout_s=5"),
)
AT_ONCE = 50


class Sample(NamedTuple):
    """What the server holds at a moment."""

    at: float
    rss_kb: float
    sockets: int


def slope_mb_per_min(samples: Sequence[Sample]) -> float:
    """How fast memory grows, by least squares over the last third."""
    last = samples[-max(3, len(samples) // 3) :]
    mean_at, mean_kb = (sum(column) / len(last) for column in ([s.at for s in last], [s.rss_kb for s in last]))
    above = sum((s.at - mean_at) * (s.rss_kb - mean_kb) for s in last)
    return above / sum((s.at - mean_at) ** 2 for s in last) * 60 / 1024


class Soak:
    """One run against one server."""

    def __init__(self, pid: int, urls: tuple[str, str], connections: int, seed: int) -> None:
        """`urls`: straight to the server, and through the proxy."""
        self.samples: list[Sample] = []
        self.heard = 0
        self.closes: Counter[int] = Counter()
        self._pid = pid
        self._urls = urls
        self._connections = connections
        self._rng = Random(seed)
        self._members: list[LoadMember] = []
        self._resumes: dict[LoadMember, str] = {}

    def sample(self, at: float) -> Sample:
        """Now."""
        sockets = sum("socket:" in _link(entry) for entry in Path(f"/proc/{self._pid}/fd").iterdir())
        return Sample(at, rss_kb(self._pid), sockets)

    async def run(self, seconds: float, proxy: Proxy) -> None:
        """All come in; then faults, talk and churn for so long; then all go."""
        await self._fill()
        parts = [asyncio.create_task(part) for part in (self._talk(), self._harm(proxy), self._churn())]
        started = monotonic()
        while (at := monotonic() - started) < seconds:
            self.samples.append(self.sample(at))
            if len(self.samples) % 10 == 0:
                _tell(self.samples[-1], self.heard, self.closes)
            await asyncio.sleep(1)
        for part in parts:
            part.cancel()
        ended = await asyncio.gather(*parts, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in ended), ended
        for member in self._members:
            member.abort()

    async def _fill(self) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            async with gate:
                await self._enter(TOKEN)

        self._members = [member for member in self._members if member.ended is None]
        await asyncio.gather(*(one() for _ in range(self._connections - len(self._members))))

    async def _enter(self, token: str) -> None:
        url = self._urls[self._rng.random() < THROUGH_PROXY]
        with suppress(LoadFailed, OSError, TimeoutError):
            self._members.append(await enter(url, token, f"soak:{self._rng.randrange(ROOMS)}", self._hear))

    def _hear(self, member: LoadMember, message: dict[str, Any]) -> None:
        self.heard += 1

    async def _talk(self) -> None:
        number = 0
        while True:
            await asyncio.sleep(TALK_S)
            number += 1
            member = self._rng.choice(self._members)
            request = {"requestId": f"soak-{number}"} if number % 2 else {}
            member.send({"type": "chat", "roomId": member.room_id, "text": "x" * self._rng.randrange(1, 400)} | request)

    async def _harm(self, proxy: Proxy) -> None:
        while True:
            await asyncio.sleep(1)
            opened = [traffic.number for traffic in proxy.connections if traffic.open]
            for number in self._rng.sample(opened, min(len(opened), 5)):
                proxy.set(down=self._rng.choice(FAULTS), only=number)

    async def _churn(self) -> None:
        while True:
            await asyncio.sleep(1)
            for member in self._rng.sample(self._members, round(CHURN * self._connections)):
                member.abort()
            await asyncio.sleep(0)
            self.closes.update(int(member.ended.code) for member in self._members if member.ended is not None)
            await self._fill()


def _link(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:
        return ""


def _tell(sample: Sample, heard: int, closes: Counter[int]) -> None:
    held = f"{sample.rss_kb / 1024:.1f} MB, {sample.sockets} sockets"
    print(f"{sample.at:.0f} s: {held}, {heard} heard, closes {dict(closes)}", file=sys.stderr, flush=True)


async def soak(connections: int, seconds: float, seed: int) -> dict[str, Any]:
    """The figures: memory, its slope over the last third, what was left behind, how connections ended."""
    options = [part for setting in SETTINGS for part in ("--set", setting)]
    with tempfile.TemporaryDirectory(prefix="labkit-soak-") as folder:
        server = ServerProcess({"DEV_TOKEN": TOKEN}, ["--quiet", "--audit", f"{folder}/room.db", *options])
        url = await asyncio.to_thread(server.start)
        try:
            async with Proxy(url, seed=seed) as proxy:
                made = Soak(server.pid or 0, (url, proxy.url), connections, seed)
                before = made.sample(0)
                await made.run(seconds, proxy)
            ends = monotonic() + 30
            while (after := made.sample(0)).sockets > before.sockets and monotonic() < ends:
                await asyncio.sleep(0.2)
        finally:
            await asyncio.to_thread(server.terminate)
    return {
        "connections": connections,
        "seconds": round(seconds),
        "heard": made.heard,
        "closes": dict(made.closes),
        "mb_first": round(made.samples[0].rss_kb / 1024, 1),
        "mb_last": round(made.samples[-1].rss_kb / 1024, 1),
        "mb_per_min": round(slope_mb_per_min(made.samples), 3),
        "sockets_left": after.sockets - before.sockets,
        "tasks_left": len(asyncio.all_tasks()) - 1,
    }


def main() -> int:
    """Exit code 0 when memory was flat and nothing was left."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=1_200)
    parser.add_argument("--seed", type=int, default=1)
    found = asyncio.run(soak(**vars(parser.parse_args())))
    print(json.dumps(found), flush=True)
    return 0 if found["mb_per_min"] < 1 and not found["sockets_left"] and not found["tasks_left"] else 1


if __name__ == "__main__":
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    sys.exit(main())

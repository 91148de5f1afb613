"""Seeded faults against the real server and client, and the records of both ends."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import NamedTuple

from labkit.bench import ask
from labkit.bench.timeline.cause import Cause
from labkit.bench.timeline.merge import read_audit
from labkit.evidence.lateness import Lateness
from labkit.faults import (
    After,
    Blackhole,
    CloseIgnorer,
    Die,
    Dribble,
    Fault,
    HalfClose,
    Latency,
    NeverRead,
    PongMute,
    Proxy,
    Reset,
    Stall,
    Throttle,
)
from labkit.wire.audit.schema import Entry
from labkit.wire.client.client import Client
from labkit.wire.client.state import Record, Stopped
from labkit.wire.server import Server
from tests.faults.expected_closes import GIVE_UP_S, LIMITS
from tests.faults.test_closes import read, talk
from tests.wire.raw import TOKEN, drop_all, until
from tests.wire.scripted import Share

OPS = "operations-token"
BATCH, APART_S, ATTEMPTS, LATE_S = 25, 0.05, 4, 0.12
AUTH, IDLE, TRAFFIC, DELIBERATE = "before auth", "idle", "under traffic", "deliberate"


class Incident(NamedTuple):
    """What is done to a connection, and its true cause."""

    name: str
    when: str
    truth: Cause
    up: tuple[Fault, ...] = ()
    down: tuple[Fault, ...] = ()


def incident(seed: int) -> Incident:
    """Draw one incident from the seed. The timeline sees nothing of it."""
    rng = Random(seed)
    late = After(
        rng.choice([Stall(), Blackhole(), Dribble(rng.uniform(0.03, 0.1)), Throttle(bytes_per_s=rng.randint(8, 22))])
    )
    kinds = (
        Incident("auth late", AUTH, Cause.AUTH_LATE, up=(late,)),
        Incident("pong-mute", IDLE, Cause.NO_PONG, up=(PongMute(),)),
        Incident("silent way up", IDLE, Cause.NO_PONG, up=(rng.choice([Stall(), Blackhole()]),)),
        Incident("mute, deaf to close", IDLE, Cause.NO_PONG, (PongMute(),), (CloseIgnorer(),)),
        Incident("slow network", IDLE, Cause.LATE, down=(Latency(rng.uniform(1.1, 1.5)),)),
        Incident("dead way down", IDLE, Cause.UNREACHABLE, down=(rng.choice([Stall(), Blackhole(), NeverRead()]),)),
        Incident("dead both ways", IDLE, Cause.UNREACHABLE, (Stall(),), (Stall(),)),
        Incident("frozen reader", TRAFFIC, Cause.UNREACHABLE, down=(rng.choice([Stall(), NeverRead()]),)),
        Incident("slow reader", TRAFFIC, Cause.SLOW, down=(Throttle(bytes_per_s=rng.randint(12_000, 25_000)),)),
        Incident("reset", TRAFFIC, Cause.CUT, down=(Reset(after_bytes=rng.randint(0, 20_000)),)),
        Incident("death down", IDLE, Cause.CUT, down=(Die(),)),
        Incident("death up", IDLE, Cause.CUT, up=(Die(),)),
        Incident("half-close", IDLE, Cause.CUT, *rng.choice([((HalfClose(),), ()), ((), (HalfClose(),))])),
        Incident("revoked", DELIBERATE, Cause.DELIBERATE),
        Incident("nonsense sent", DELIBERATE, Cause.DELIBERATE),
    )
    return kinds[seed % len(kinds)]


class Records(NamedTuple):
    """The records of both ends."""

    client: list[Record]
    server: list[Entry]


async def live(what: Incident, folder: Path, after_s: float) -> Records:
    """Let the first connection meet the fault, and a second one a healthy network."""
    await asyncio.sleep(after_s)
    audit = folder / "audit.db"
    limits = LIMITS.set({"messages_per_s": None})
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(Server(port=0, limits=limits, audit=audit, ops_token=OPS))
        proxy = await stack.enter_async_context(Proxy(server.url))
        if what.when == AUTH:
            proxy.set(up=what.up, down=what.down, only=0)
        client = await stack.enter_async_context(Client(proxy.url, TOKEN, rng=Share(0.01), give_up_s=GIVE_UP_S))
        work = [asyncio.create_task(read(client))]
        if what.when == TRAFFIC:
            work.append(asyncio.create_task(talk(server.url)))
        try:
            await until(lambda: client.log.of("joined") != [])
            await _do(what, server, proxy, client)
            await until(lambda: _is_over(client))
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
        records = list(client.log)
    return Records(records, read_audit(audit))


async def _do(what: Incident, server: Server, proxy: Proxy, client: Client) -> None:
    if what.name == "revoked":
        await asyncio.to_thread(ask.revoke, server.url, OPS, str(client.user_id))
    elif what.name == "nonsense sent":
        assert client._loop.link is not None
        client._loop.link.send({"type": "nonsense"})
    elif what.when != AUTH:
        proxy.set(up=what.up, down=what.down, only=0)


def _is_over(client: Client) -> bool:
    is_back = len(client.log.of("connecting")) == 2 and client.state.value == "open"
    return is_back or isinstance(client.ended_by, Stopped)


async def live_all(seeds: range, folder: Path) -> dict[int, Records]:
    """Run all side by side, because they mostly wait; repeat them if the machine stalled meanwhile."""
    lived: dict[int, Records] = {}
    for first in range(seeds.start, seeds.stop, BATCH):
        batch = range(first, min(first + BATCH, seeds.stop))
        for attempt in range(ATTEMPTS):
            async with Lateness() as lateness, asyncio.timeout(60):
                lives = []
                for place, seed in enumerate(batch):
                    mine = folder / f"{seed}-{attempt}"
                    mine.mkdir()
                    lives.append(live(incident(seed), mine, APART_S * place))
                lived |= dict(zip(batch, await asyncio.gather(*lives), strict=True))
            drop_all()
            if lateness.since(0) < LATE_S:
                break
    return lived

"""A flood of nonsense against a server, while a healthy member measures its round trip.

    flood = await flooded("the kit", lab.url, auth, nonsense, lab.store)
    flood.median_ms, flood.codes

Each attacker connects, sends a message that no server accepts, and starts again. The round trips become the series
"round trip ms: NAME".
"""

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass
from math import inf
from statistics import median
from time import perf_counter, time

import websockets

from labkit.samples import Store

ATTACKERS, QUIET_S, FLOOD_S, PAUSE_S = 6, 1.0, 2.0, 0.05
PING = '{"type": "ping"}'


@dataclass(frozen=True)
class Flood:
    """What the healthy member measured during the flood, and how the attackers' connections ended."""

    median_ms: float  # infinite without a single answer
    codes: Counter[int]
    is_member_connected: bool


async def flooded(name: str, url: str, auth: str, nonsense: str, store: Store) -> Flood:
    """Measure for QUIET_S, then flood for FLOOD_S. `auth` is the first message of every connection."""
    codes: Counter[int] = Counter()
    series = f"round trip ms: {name}"
    member = asyncio.create_task(_measure(url, auth, store, series))
    await asyncio.sleep(QUIET_S)
    began = time()
    attackers = [asyncio.create_task(_attack(url, auth, nonsense, codes)) for _ in range(ATTACKERS)]
    await asyncio.sleep(FLOOD_S)
    for task in (member, *attackers):
        task.cancel()
    ended, *_ = await asyncio.gather(member, *attackers, return_exceptions=True)
    return Flood(_median_since(store, series, began), codes, isinstance(ended, asyncio.CancelledError))


async def _measure(url: str, auth: str, store: Store, series: str) -> None:
    async with websockets.connect(url, compression=None, proxy=None) as socket:
        await socket.send(auth)
        while True:
            asked = perf_counter()
            await socket.send(PING)
            while "pong" not in str(await socket.recv()):
                pass
            store.add(series, 1000 * (perf_counter() - asked))
            await asyncio.sleep(PAUSE_S)


async def _attack(url: str, auth: str, nonsense: str, codes: Counter[int]) -> None:
    while True:
        async with websockets.connect(url, compression=None, proxy=None) as socket:
            with contextlib.suppress(websockets.ConnectionClosed):
                for text in (auth, nonsense):
                    await socket.send(text)
                    await socket.recv()
        codes[socket.close_code or 1006] += 1
        await asyncio.sleep(PAUSE_S)


def _median_since(store: Store, series: str, began: float) -> float:
    times, values, _ = store.window(series)
    return median([value for at, value in zip(times, values, strict=True) if at > began + PAUSE_S] or [inf])

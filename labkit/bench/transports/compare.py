"""Four ways to bring an update to a screen, measured side by side: WebSocket, server-sent events, polling, HTTP.

    comparison = await compare(seed=1, store=store)
    comparison.frame()

The same seeded updates go through each (`ways`); the bytes are counted on the wire. Taught in notebook 00.
"""

import asyncio
import statistics
from dataclasses import dataclass
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Any

from labkit.bench.transports.ways import WAYS, Way
from labkit.metrics import Store

if TYPE_CHECKING:
    import pandas

TEXT = "the checkout of shop 17 answers again, after four minutes; two orders wait"
UPDATES, UPDATES_PER_S, IDLE_S = 20, 5.0, 3.0
LATENCY = "latency ms: {}"


@dataclass(frozen=True)
class Measured:
    """One option. Latencies from the publication to the screen; bytes both ways, headers included."""

    option: str
    latencies_ms: tuple[float, ...]
    bytes_per_update: float
    requests_per_update: float
    idle_bytes_per_s: float
    idle_requests_per_s: float

    @property
    def median_ms(self) -> float:
        """The middle latency."""
        return statistics.median(self.latencies_ms)


@dataclass(frozen=True)
class Comparison:
    """The four options."""

    rows: tuple[Measured, ...]

    def __repr__(self) -> str:
        return f"<comparison of {', '.join(row.option for row in self.rows)}>"

    def frame(self) -> "pandas.DataFrame":
        """A row an option. Needs pandas."""
        import pandas

        rows = [
            {
                "option": row.option,
                "median ms": round(row.median_ms, 1),
                "worst ms": round(max(row.latencies_ms), 1),
                "bytes/update": round(row.bytes_per_update),
                "requests/update": round(row.requests_per_update, 2),
                "idle bytes/s": round(row.idle_bytes_per_s),
                "idle requests/s": round(row.idle_requests_per_s, 1),
            }
            for row in self.rows
        ]
        return pandas.DataFrame(rows).set_index("option")


async def compare(seed: int = 1, updates: int = UPDATES, store: Store | None = None) -> Comparison:
    """Measure all four at once, about eight seconds. `store` is told each latency, as `latency ms: OPTION`."""
    telling = Store() if store is None else store
    measuring = (_measure(option, way, Random(seed), updates, telling) for option, way in WAYS.items())
    return Comparison(tuple(await asyncio.gather(*measuring)))


async def _measure(option: str, open_way: Any, rng: Random, updates: int, store: Store) -> Measured:
    sent: dict[int, float] = {}
    heard: dict[int, float] = {}

    def hear(update: dict[str, Any]) -> None:
        if update["n"] not in heard:
            heard[update["n"]] = perf_counter()
            store.add(LATENCY.format(option), 1000 * (heard[update["n"]] - sent[update["n"]]))

    async with open_way(hear) as way:
        bytes_before, requests_before = way.bytes(), way.requests()
        for number in range(updates):
            await asyncio.sleep(rng.expovariate(UPDATES_PER_S))
            sent[number] = perf_counter()
            await way.publish({"n": number, "text": f"update {number}: " + TEXT})
        while len(heard) < updates:
            await asyncio.sleep(0.01)
        bytes_busy, requests_busy = way.bytes() - bytes_before, way.requests() - requests_before
        idle_bytes_per_s, idle_requests_per_s = await _silence(way)
        return Measured(
            option,
            tuple(1000 * (heard[number] - at) for number, at in sent.items()),
            bytes_busy / updates,
            requests_busy / updates,
            idle_bytes_per_s,
            idle_requests_per_s,
        )


async def _silence(way: Way) -> tuple[float, float]:
    """Bytes and requests a second while nothing happens.

    Who asks has just been answered, and is measured up to a later answer: a window that ends anywhere holds a part of
    an interval without its question, and counts a reload once where it should be twice.
    """
    began_at, bytes_before, requests_before = perf_counter(), way.bytes(), way.requests()
    await asyncio.sleep(IDLE_S)
    asked = way.requests()
    while requests_before < asked == way.requests():
        await asyncio.sleep(0.01)
    took_s = perf_counter() - began_at
    return (way.bytes() - bytes_before) / took_s, (way.requests() - requests_before) / took_s

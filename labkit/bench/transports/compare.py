"""Measure four ways to bring an update to a screen side by side: WebSocket, server-sent events, polling and reloading.

    comparison = await compare(seed=1, store=store)
    comparison.frame()

The same seeded updates go through each transport (`adapters`); bytes are counted on the wire.
"""

import asyncio
import statistics
from dataclasses import dataclass
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Any

from labkit.bench.transports.adapters import TRANSPORTS, Transport
from labkit.samples import Store

if TYPE_CHECKING:
    import pandas

TEXT = "the checkout of shop 17 answers again, after four minutes; two orders wait"
UPDATES, UPDATES_PER_S, IDLE_S = 20, 5.0, 3.0
LATENCY = "latency ms: {}"


@dataclass(frozen=True)
class Measured:
    """The figures of one transport.

    Latencies run from publication to screen; bytes count both directions, with headers.
    """

    option: str
    latencies_ms: tuple[float, ...]
    bytes_per_update: float
    requests_per_update: float
    idle_bytes_per_s: float
    idle_requests_per_s: float

    @property
    def median_ms(self) -> float:
        """The median latency, in milliseconds."""
        return statistics.median(self.latencies_ms)


@dataclass(frozen=True)
class Comparison:
    """The measurements of all four transports."""

    rows: tuple[Measured, ...]

    def __repr__(self) -> str:
        return f"<comparison of {', '.join(row.option for row in self.rows)}>"

    def frame(self) -> "pandas.DataFrame":
        """Return one row per transport. Needs pandas."""
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
    """Measure all four at once, in about eight seconds, and add each latency to `store` as `latency ms: OPTION`."""
    samples = Store() if store is None else store
    measuring = (
        _measure(option, open_transport, Random(seed), updates, samples)
        for option, open_transport in TRANSPORTS.items()
    )
    return Comparison(tuple(await asyncio.gather(*measuring)))


async def _measure(option: str, open_transport: Any, rng: Random, updates: int, store: Store) -> Measured:
    sent: dict[int, float] = {}
    received: dict[int, float] = {}

    def on_update(update: dict[str, Any]) -> None:
        if update["n"] not in received:
            received[update["n"]] = perf_counter()
            store.add(LATENCY.format(option), 1000 * (received[update["n"]] - sent[update["n"]]))

    async with open_transport(on_update) as transport:
        bytes_before, requests_before = transport.bytes(), transport.requests()
        for number in range(updates):
            await asyncio.sleep(rng.expovariate(UPDATES_PER_S))
            sent[number] = perf_counter()
            await transport.publish({"n": number, "text": f"update {number}: " + TEXT})
        while len(received) < updates:
            await asyncio.sleep(0.01)
        bytes_busy, requests_busy = transport.bytes() - bytes_before, transport.requests() - requests_before
        idle_bytes_per_s, idle_requests_per_s = await _measure_idle(transport)
        return Measured(
            option,
            tuple(1000 * (received[number] - at) for number, at in sent.items()),
            bytes_busy / updates,
            requests_busy / updates,
            idle_bytes_per_s,
            idle_requests_per_s,
        )


async def _measure_idle(transport: Transport) -> tuple[float, float]:
    """Return bytes and requests per second while nothing is published.

    A polling transport is measured from one answer to a later one, because a window that ended between two requests
    would include part of an interval but not its request.
    """
    began_at, bytes_before, requests_before = perf_counter(), transport.bytes(), transport.requests()
    await asyncio.sleep(IDLE_S)
    asked = transport.requests()
    while requests_before < asked == transport.requests():
        await asyncio.sleep(0.01)
    took_s = perf_counter() - began_at
    return (transport.bytes() - bytes_before) / took_s, (transport.requests() - requests_before) / took_s

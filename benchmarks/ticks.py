"""Run our server, and time every event-loop callback to find the longest delays.

`python -m benchmarks.ticks AUDIT` prints its port. SIGUSR1 resets the measurement. SIGTERM ends the server, which
prints the longest callback and the 99.9th percentile, in milliseconds of wall-clock time and of the thread's CPU time.
The difference is the time that other threads and programs had the core.
"""

import asyncio
import gc
import json
import signal
import sys
from asyncio.events import Handle
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any

from benchmarks.servers import TOKEN, UNLIMITED
from labkit.rules.limits import Limits
from labkit.wire.server import Server

took_s: list[tuple[float, float]] = []  # wall-clock time, CPU time


def watch() -> None:
    """Time every callback from now on."""
    run: Any = Handle._run  # type: ignore[attr-defined]

    def timed(handle: Handle) -> None:
        began, worked = perf_counter(), thread_time()
        run(handle)
        took_s.append((perf_counter() - began, thread_time() - worked))

    Handle._run = timed  # type: ignore[attr-defined]


async def main(audit: str) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, took_s.clear)
    limits = Limits().set_lines(UNLIMITED[1::2])
    async with Server("127.0.0.1", 0, token=TOKEN, audit=Path(audit), limits=limits) as server:
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 50, 1_000)  # as `labkit serve` does
        print(server.port, flush=True)
        await stop.wait()
        for name, times in (("clock", 0), ("cpu", 1)):
            ordered = sorted(taken[times] for taken in took_s)
            worst = {f"longest_{name}_ms": ordered[-1], f"p999_{name}_ms": ordered[int(0.999 * len(ordered))]}
            print(json.dumps({key: round(1e3 * value, 2) for key, value in worst.items()}), flush=True)


if __name__ == "__main__":
    watch()
    asyncio.run(main(sys.argv[1]))

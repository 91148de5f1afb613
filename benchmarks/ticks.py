"""Our server with a clock at every callback of its event loop: how long does anything hold up everything else?

`python -m benchmarks.ticks AUDIT` prints its port; at SIGUSR1 it counts anew, and at SIGTERM it prints the longest
callback and the 99.9th percentile, in milliseconds, and ends. By the clock, and by the thread's own CPU: what the
clock sees beyond it is other threads and other programs that had the core meanwhile.
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

took_s: list[tuple[float, float]] = []  # by the clock, of the CPU


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

"""A clock that stands still while the machine is busy with others: `python -m tests.review.calm MODULE FAULT...`.

Reviewer and reviewed live in one process here, and each waits for the other with deadlines of a second or less. Where
that process is not run for a second, every deadline is over before anybody had his turn. So time passes as the event
loop turns: what a turn takes beyond TURN_S, or waits beyond what it asked for, does not count. A deadline of a second
is then at least 1 / TURN_S turns, however late they come: what is judged is order.
"""

import asyncio
import json
import math
import selectors
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

TURN_S = 0.005
STEP_S = 0.01


class CalmClock(selectors.DefaultSelector):
    """An event loop's selector, which sees how long each turn takes, and the clock that it keeps."""

    def __init__(self, real: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._real = real
        self._lost_s = 0.0  # what did not count, so far
        self._turned_at = real()

    def __call__(self) -> float:
        """What time it is, in seconds. Never more than TURN_S after this turn began."""
        return min(self._real(), self._turned_at + TURN_S) - self._lost_s

    def select(self, timeout: float | None = None) -> list[Any]:
        """Wait for the next turn, in steps: nobody knows when in a step an event came, nor when we were not run."""
        self._count(TURN_S)
        left_s = math.inf if timeout is None else max(0.0, timeout)
        while True:
            step_s = min(left_s, STEP_S)
            events = super().select(step_s)
            self._count(step_s + TURN_S)
            left_s -= step_s
            if events or left_s <= 0:
                return events

    def _count(self, most_s: float) -> None:
        """Of the time since the last look at the real clock, so much counts at most."""
        now = self._real()
        self._lost_s += max(0.0, now - self._turned_at - most_s)
        self._turned_at = now


def main(module: str, faults: list[str]) -> Any:
    """Review these by that clock, which must be in place before anything takes its hands on the real one."""
    time.monotonic = clock = CalmClock()  # type: ignore[assignment]
    matrix = import_module(module)

    def loop() -> asyncio.AbstractEventLoop:
        return asyncio.SelectorEventLoop(clock)

    with TemporaryDirectory() as folder, asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(matrix.main(faults, Path(folder)))


async def calmly(module: str, faults: list[str]) -> Any:
    """Have that done by a process of its own; what it found."""
    command = [sys.executable, "-m", "tests.review.calm", module, *faults]
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        out, _ = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
    assert child.returncode == 0
    return json.loads(out)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2:])))

"""A clock that stops while the machine is busy with other work: `python -m tests.review.calm MODULE FAULT...`.

The reviewer and the reviewed server share a process and wait for each other with deadlines of a second or less. If the
process is suspended for a second, every deadline expires before either could run. So time advances with the turns of
the event loop: the part of a turn beyond TURN_S, and of a wait beyond the requested time, does not count. A deadline of
a second then lasts at least 1 / TURN_S turns, however slow they are: the tests judge order, not time.
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
    """The selector of an event loop, which measures each turn, and the clock derived from it."""

    def __init__(self, real: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._real = real
        self._lost_s = 0.0  # time that does not count, so far
        self._turned_at = real()

    def __call__(self) -> float:
        """Return the time in seconds, at most TURN_S after the start of this turn."""
        return min(self._real(), self._turned_at + TURN_S) - self._lost_s

    def select(self, timeout: float | None = None) -> list[Any]:
        """Wait for the next turn in short steps: within a step, a suspension cannot be told from waiting."""
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
        """Count at most `most_s` of the time since the last reading of the real clock."""
        now = self._real()
        self._lost_s += max(0.0, now - self._turned_at - most_s)
        self._turned_at = now


def main(module: str, faults: list[str]) -> Any:
    """Review these with that clock, which must be installed before any module imports the real one."""
    time.monotonic = clock = CalmClock()  # type: ignore[assignment]
    matrix = import_module(module)

    def loop() -> asyncio.AbstractEventLoop:
        return asyncio.SelectorEventLoop(clock)

    with TemporaryDirectory() as folder, asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(matrix.main(faults, Path(folder)))


async def calmly(module: str, faults: list[str]) -> Any:
    """Run the reviews in a separate process; return what they found."""
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

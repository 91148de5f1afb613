"""Measure the lag of our own event loop.

On a busy machine we may miss a deadline ourselves. A failure during such a lag does not prove that what is judged is at
fault, so the probe or check runs again. Short lags in a row miss a deadline as one long lag does, so they add up.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from time import monotonic
from typing import Self

STEP_S = 0.02
WINDOW_S = 0.5  # about the shortest deadline that anybody gives us

Lag = tuple[float, float]  # when it ended, and how long it was, in seconds


class Lateness:
    """Watch the event loop for lag. Use with `async with`."""

    def __init__(self) -> None:
        self._late_s: list[Lag] = []

    async def __aenter__(self) -> Self:
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._watching.cancel()

    def since(self, began: float) -> float:
        """Return the largest lag since `began`, in seconds."""
        return worst(lag for lag in self._late_s if lag[0] >= began)

    async def _watch(self) -> None:
        while True:
            due = monotonic() + STEP_S
            await asyncio.sleep(STEP_S)
            late_s = monotonic() - due
            if late_s > STEP_S:
                self._late_s.append((monotonic(), late_s))


def worst(lags: Iterable[Lag]) -> float:
    """Return the largest sum of lags within WINDOW_S, in seconds. The lags are in order of time."""
    most, recent = 0.0, deque[Lag]()
    for lag in lags:
        recent.append(lag)
        while recent[0][0] < lag[0] - WINDOW_S:
            recent.popleft()
        most = max(most, sum(late for _, late in recent))
    return most

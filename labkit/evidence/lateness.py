"""Measure the lag of our own event loop.

On a busy machine we may miss a deadline ourselves. A failure during such a lag does not prove that what is judged is at
fault, so the probe or check runs again.
"""

import asyncio
from time import monotonic
from typing import Self

STEP_S = 0.02


class Lateness:
    """Watch the event loop for lag. Use with `async with`."""

    def __init__(self) -> None:
        self._late_s: list[tuple[float, float]] = []  # time, lag

    async def __aenter__(self) -> Self:
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._watching.cancel()

    def since(self, began: float) -> float:
        """Return the largest lag since `began`, in seconds."""
        return max((late for at, late in self._late_s if at >= began), default=0.0)

    async def _watch(self) -> None:
        while True:
            due = monotonic() + STEP_S
            await asyncio.sleep(STEP_S)
            late_s = monotonic() - due
            if late_s > STEP_S:
                self._late_s.append((monotonic(), late_s))

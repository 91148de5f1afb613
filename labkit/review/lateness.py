"""How late the reviewer itself was: on a busy machine it may be its own answer that came after a deadline.

A probe during which the reviewer was late has shown no fault of the server, and is run again.
"""

import asyncio
from time import monotonic
from types import TracebackType
from typing import Self

STEP_S = 0.02


class Lateness:
    """Watches the loop that the reviewer runs on. `async with`."""

    def __init__(self) -> None:
        self._late_s: list[tuple[float, float]] = []  # when, and by how much

    async def __aenter__(self) -> Self:
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watching.cancel()

    def since(self, began: float) -> float:
        """By how many seconds it was late at worst since then."""
        return max((late for at, late in self._late_s if at >= began), default=0.0)

    async def _watch(self) -> None:
        while True:
            due = monotonic() + STEP_S
            await asyncio.sleep(STEP_S)
            late_s = monotonic() - due
            if late_s > STEP_S:
                self._late_s.append((monotonic(), late_s))

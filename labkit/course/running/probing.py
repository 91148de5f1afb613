"""Run a learner's probe, an `async def` that gets the address of a server, in the answer's process.

Where a network is slow, the clock of the probe's event loop runs faster, and the server's with it: a time limit of a
second is over as early, and nobody waits for the seconds.
"""

import asyncio
import selectors
from functools import partial
from typing import Any

LONGEST_S = 10.0
ENDLESS = "did not return within"


class _Waits(selectors.DefaultSelector):
    """Waits for files, and for times that pass faster than they are written."""

    def __init__(self, pace: float) -> None:
        super().__init__()
        self._pace = pace

    def select(self, timeout: float | None = None) -> Any:
        """Wait for a part of that time."""
        return super().select(timeout and timeout / self._pace)


class _Loop(asyncio.SelectorEventLoop):
    """An event loop on whose clock so many seconds pass in one."""

    def __init__(self, pace: float) -> None:
        self._pace = pace
        super().__init__(_Waits(pace))

    def time(self) -> float:
        """Return the seconds on its clock."""
        return super().time() * self._pace


def run(probe: Any, url: str, pace: float = 1.0, longest_s: float = LONGEST_S) -> Any:
    """Return what the probe returns. Raises TimeoutError, with the line at which it waits."""
    with asyncio.Runner(loop_factory=None if pace == 1 else partial(_Loop, pace)) as runner:
        return runner.run(_within(probe, url, longest_s, pace))


async def _within(probe: Any, url: str, longest_s: float, pace: float) -> Any:
    try:
        async with asyncio.timeout(longest_s * pace) as limit:
            return await probe(url)
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise TimeoutError(f"{ENDLESS} {longest_s:g} s").with_traceback(_waiting(error)) from None


def _waiting(error: BaseException) -> Any:
    """Return the traceback of what the time limit interrupted."""
    return error.__cause__.__traceback__ if error.__cause__ is not None else error.__traceback__

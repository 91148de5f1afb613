"""Run a learner's probe, an `async def` that gets the address of a server, in the answer's process."""

import asyncio
from typing import Any

LONGEST_S = 10.0
ENDLESS = f"did not return within {LONGEST_S:g} s"


def run(probe: Any, url: str) -> Any:
    """Return what the probe returns. Raises TimeoutError, with the line at which it waits."""
    return asyncio.run(_within(probe, url))


async def _within(probe: Any, url: str) -> Any:
    try:
        async with asyncio.timeout(LONGEST_S) as limit:
            return await probe(url)
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise TimeoutError(ENDLESS).with_traceback(_waiting(error)) from None


def _waiting(error: BaseException) -> Any:
    """Return the traceback of what the time limit interrupted."""
    return error.__cause__.__traceback__ if error.__cause__ is not None else error.__traceback__

"""A review in a notebook cell runs in its own thread, and ends with the cell."""

import asyncio
import os
import signal
import threading
import time

import pytest

from labkit.review.report import Report
from labkit.review.running import run_blocking


def test_interrupted_cell_ends_its_review() -> None:
    ended: list[float] = []

    async def review() -> Report:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(time.monotonic())
        raise AssertionError("the review was not cancelled")

    async def cell() -> None:
        run_blocking(review())

    loop = asyncio.new_event_loop()
    began = time.monotonic()
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(cell())
    loop.close()
    assert ended and ended[0] - began < 30

"""A review in a notebook's cell has a thread of its own, and ends with the cell."""

import asyncio
import os
import signal
import threading
import time

import pytest

from labkit.review.looking import on_a_loop_of_its_own
from labkit.review.report import Report


def test_a_review_ends_when_its_cell_is_interrupted() -> None:
    ended: list[float] = []

    async def review() -> Report:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(time.monotonic())
        raise AssertionError("nobody interrupted it")

    async def cell() -> None:
        on_a_loop_of_its_own(review())

    loop = asyncio.new_event_loop()
    began = time.monotonic()
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(cell())
    loop.close()
    assert ended and ended[0] - began < 30

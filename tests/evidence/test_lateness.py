"""The lag of our own event loop, and how short lags add up."""

import asyncio
import time
from time import monotonic

import pytest

from labkit.evidence.lateness import Lateness, worst


@pytest.mark.parametrize(
    ("lags", "sum_s"),
    [
        ((), 0.0),
        (((1.0, 3.0),), 3.0),
        (((1.0, 0.06), (1.1, 0.06), (1.2, 0.06)), 0.18),
        (((1.0, 0.06), (2.0, 0.06)), 0.06),
    ],
    ids=["none", "one", "in a row", "far apart"],
)
def test_short_lags_in_a_row_add_up(lags: tuple[tuple[float, float], ...], sum_s: float) -> None:
    assert worst(lags) == pytest.approx(sum_s)


async def test_loop_that_is_held_up_was_late() -> None:
    async with Lateness() as lateness:
        await asyncio.sleep(0.05)
        began = monotonic()
        time.sleep(0.3)
        await asyncio.sleep(0.05)
        assert lateness.since(began) > 0.2
        assert lateness.since(monotonic()) == 0

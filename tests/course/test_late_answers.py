"""What comes too late proves nothing: a check that did not see what it needs is inconclusive, never passed."""

import asyncio
from dataclasses import replace

import pytest

from labkit.course.exercises import exercise
from labkit.course.judging import judge
from labkit.evidence.lateness import worst
from tests.course.answers import edited, known

LATE_HANDLER = """
-        text = await asyncio.wait_for(connection.recv(), AUTH_TIMEOUT_S)
+        await asyncio.sleep(AUTH_TIMEOUT_S)
+        raise TimeoutError
"""
LATE_SERVER = """
-                first = await heard_from(me)
+                first = await heard_from(me)
+                if getattr(first, "token", "").startswith("marker"):
+                    await asyncio.sleep(60)
"""


@pytest.mark.parametrize(
    ("name", "check", "late"),
    [("02-auth", "reason", LATE_HANDLER), ("10-capstone", "secrets", LATE_SERVER)],
)
def test_refusal_that_came_from_the_time_limit_is_no_evidence(name: str, check: str, late: str) -> None:
    """The delay stands for a busy machine: the time limit ends the connection before the answer reads the token."""
    asked = exercise(name)
    only = replace(asked, checks=tuple(replace(one, needs=()) for one in asked.checks if one.id == check))
    wrong = next(one for one in known(name) if one.stem == "reason_tells")
    result = asyncio.run(judge(only, edited(wrong.source, late)))
    assert (result.verdict, result.ids("fail")) == ("inconclusive", []), str(result)
    assert asyncio.run(judge(only, wrong.source)).ids("fail") == [check]


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

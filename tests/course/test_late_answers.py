"""What comes too late proves nothing: a check that did not see what it needs is inconclusive, never passed."""

import asyncio
from dataclasses import replace
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest

from labkit.course.exercise import Exercise
from labkit.course.exercises import capstone_slow, exercise
from labkit.course.judging import judge
from labkit.course.result import Result
from labkit.course.running.answer_process import AnswerProcess
from labkit.course.running.handler_server import LOOK_S, _at_most, _watch_loop
from labkit.course.stage import by_probes, run_check
from labkit.evidence import NotSeen, Outcome, broken, held, unknown
from labkit.evidence.running import Run
from tests.course.answers import edited, known

LATE_SERVER = """
-                first = await heard_from(me)
+                first = await heard_from(me)
+                if getattr(first, "token", "").startswith("marker"):
+                    await asyncio.sleep(60)
"""


def alone(asked: Exercise, *checks: str) -> Exercise:
    """Return the exercise with these checks only, which need no others."""
    return replace(asked, checks=tuple(replace(asked.check(one), needs=()) for one in checks))


def right(name: str) -> str:
    """Return the source of the authors' plain answer."""
    return next(one.source for one in known(name) if one.stem == "plain")


def test_refusal_that_came_from_the_time_limit_is_no_evidence() -> None:
    """The delay stands for a busy machine: the time limit ends the connection before the answer reads the token."""
    only = alone(exercise("10-capstone"), "secrets")
    wrong = next(one for one in known("10-capstone") if one.stem == "reason_tells")
    result = asyncio.run(judge(only, edited(wrong.source, LATE_SERVER)))
    assert (result.verdict, result.ids("fail")) == ("inconclusive", []), str(result)
    assert asyncio.run(judge(only, wrong.source)).ids("fail") == ["secrets"]


KEEPS_ALL = next(one.source for one in known("10-capstone") if one.stem == "keeps_all")
DROPS_THE_THIRD = """
                 rooms[said.room_id].add(me)
+                if len(rooms[said.room_id]) == 3:
+                    tell(me, type="joined", roomId=said.room_id)
+                    return let_go(me)
"""


def slow(source: str) -> Result:
    """Judge how this server treats the member that does not read."""
    return asyncio.run(judge(alone(exercise("10-capstone"), "slow"), source))


@pytest.mark.parametrize("source", [right("10-capstone"), KEEPS_ALL], ids=["right", "wrong"])
def test_flood_that_outlasts_the_heartbeat_is_no_evidence(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a timeout this short, the heartbeat may end the member before the flood is over, whatever else does."""
    monkeypatch.setattr(capstone_slow, "HEARTBEAT_S", 0.01)
    result = slow(source)
    assert (result.verdict, "a limit was not seen" in str(result)) == ("inconclusive", True), str(result)


def test_member_that_is_gone_before_the_flood_was_ended_too_early() -> None:
    """Nothing waits for it yet. Later than the text allows a time limit, that would be no evidence."""
    result = slow(edited(right("10-capstone"), DROPS_THE_THIRD))
    assert (result.verdict, "had lost its connection" in str(result)) == ("fail", True), str(result)


def test_member_that_a_time_limit_may_have_ended_is_no_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capstone_slow, "SOON_S", 0)
    result = slow(edited(right("10-capstone"), DROPS_THE_THIRD))
    assert (result.verdict, "a limit was not seen" in str(result)) == ("inconclusive", True), str(result)


async def _holds(_stage: Any) -> Outcome:
    return held("it did")


async def _sees_nothing(_stage: Any) -> Outcome:
    raise NotSeen("the server was busy")


async def _breaks(_stage: Any) -> Outcome:
    return broken("it did not")


@pytest.mark.parametrize(
    ("probes", "outcome"),
    [
        ((_holds, _holds), held("it did")),
        ((_sees_nothing, _holds), unknown("the server was busy")),
        ((_holds, _sees_nothing), unknown("the server was busy")),
        ((_sees_nothing, _breaks), broken("it did not")),
    ],
)
def test_check_of_several_probes_needs_all_of_them(probes: tuple[Run, ...], outcome: Outcome) -> None:
    assert asyncio.run(run_check(by_probes(*probes), None)) == outcome  # type: ignore[arg-type]


class Stopped(Exception):
    """The watch has reported something."""


def test_loop_that_does_not_turn_outside_of_the_answer_is_late() -> None:
    """A busy machine, not the answer, holds it up; the judge adds that to the lag of the process."""
    reports: list[tuple[str, float]] = []

    def report(event: str, *, late_s: float) -> None:
        reports.append((event, late_s))
        raise Stopped

    held_up = SimpleNamespace(call_soon_threadsafe=lambda _: None)
    with pytest.raises(Stopped):
        _watch_loop(held_up, report)  # type: ignore[arg-type]
    assert reports == [("late", LOOK_S)]
    process = object.__new__(AnswerProcess)
    process._late_s, process._loop_late_s = [], []
    began = monotonic()
    assert process.late_since(began) == 0
    for _ in range(2):
        process._note({"event": "late", "late_s": LOOK_S})
    assert process.late_since(began) == pytest.approx(2 * LOOK_S)
    assert process.late_since(monotonic() + 1) == 0


def test_lag_costs_no_other_report() -> None:
    """However often the loop is late, twenty errors of the answer are reported."""
    events: list[str] = []
    bounded = _at_most(lambda event, **_: events.append(event))
    for event in ["late"] * 50 + ["raised"] * 30:
        bounded(event)
    assert (events.count("late"), events.count("raised")) == (50, 20)

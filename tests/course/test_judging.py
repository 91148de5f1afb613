"""Checks with a process of their own: beside the others, with settings of their own, and never left behind."""

import asyncio
from typing import Any

import pytest

from labkit.course.exercise import Check, Exercise
from labkit.course.judging import judge
from labkit.course.result import Result
from labkit.course.running import answers as starting
from labkit.course.running.answer_process import AnswerProcess
from labkit.evidence import Outcome, held
from tests.course.test_running import USUAL

LIMIT = "LIMIT = 'its own'\nasync def answer(connection):\n    await connection.send('{\"type\": \"' + LIMIT + '\"}')\n"
DIES_AT_ONCE = "import os\nasync def answer(connection):\n    os._exit(3)\n"


async def told(stage: Any) -> Outcome:
    """Hold, with what the answer sends."""
    peer = await stage.connect()
    return held(str((await peer.receive())["type"]))


def judged(source: str, *checks: Check, **more: Any) -> Result:
    """Judge a handler by these checks, without a proxy."""
    asked = Exercise(
        id="00-test", title="t", lesson="02_auth", kind="handler", answer="answer", network=None, checks=checks, **more
    )
    return asyncio.run(judge(asked, source))


def seen(result: Result) -> dict[str, str]:
    """Return what each check saw."""
    return {check.id: check.actual for check in result}


def test_check_that_is_alone_runs_while_the_others_do() -> None:
    """Each waits for the other one to begin."""
    both = asyncio.Barrier(2)

    async def meets(stage: Any) -> Outcome:
        async with asyncio.timeout(20):
            await both.wait()
        return await told(stage)

    result = judged(LIMIT, Check("one", "x", USUAL, meets), Check("other", "x", USUAL, meets, alone=True))
    assert result.verdict == "pass", str(result)


def test_settings_of_a_check_hold_in_its_process_only() -> None:
    checks = (
        Check("together", "x", USUAL, told),
        Check("plain", "x", USUAL, told, alone=True),
        Check("set", "x", USUAL, told, alone=True, settings={"LIMIT": "the check's"}),
    )
    wanted = {"together": "its own", "plain": "its own", "set": "the check's"}
    assert seen(judged(LIMIT, *checks)) == {"runs": "it does"} | wanted
    settings = {"LIMIT": "the exercise's"}
    wanted = dict.fromkeys(("together", "plain"), "the exercise's") | {"set": "the check's"}
    assert seen(judged(LIMIT, *checks, settings=settings)) == {"runs": "it does"} | wanted


def test_answer_that_dies_ends_the_check_that_is_alone() -> None:
    """The learner does not wait for it, and its process ends."""
    both, ended = asyncio.Barrier(2), False

    async def dies(stage: Any) -> Outcome:
        await both.wait()
        return await told(stage)

    async def waits(_stage: Any) -> Outcome:
        nonlocal ended
        await both.wait()
        try:
            await asyncio.Future()
        finally:
            ended = True

    result = judged(DIES_AT_ONCE, Check("one", "x", USUAL, dies), Check("other", "x", USUAL, waits, alone=True))
    assert (result.ids("fail"), ended) == (["runs"], True)
    assert result.seconds < 20  # a check that does not end gets 30


@pytest.mark.parametrize("alone", [0, 1, 2, 3])
def test_no_more_processes_start_than_groups_of_checks(alone: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that starts ahead of its turn is used, and none is lost."""
    started: list[AnswerProcess] = []

    def start() -> AnswerProcess:
        started.append(AnswerProcess())
        return started[-1]

    monkeypatch.setattr(starting, "AnswerProcess", start)
    checks = [Check(f"c{number}", "x", USUAL, told, alone=bool(number)) for number in range(alone + 1)]
    assert judged(LIMIT, *checks).verdict == "pass"
    assert len(started) == alone + 1

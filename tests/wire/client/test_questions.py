"""Which answer is whose, when several questions are on their way."""

import asyncio

import pytest

from labkit.wire.client.questions import Questions
from labkit.wire.client.state import Refused
from tests.wire.raw import on_a_loop

NO = Refused("rate_limited", "later")


@on_a_loop
async def test_an_answer_goes_to_the_oldest_question_of_its_kind_and_room() -> None:
    """Whatever else was asked before, and whoever has stopped waiting keeps the place."""
    asked = Questions()
    answers = [asked.ask(kind, room) for kind, room in [("presence", "a"), ("presence", "b"), ("pong", None)]]
    gone, last = asked.ask("presence", "b"), asked.ask("presence", "b")
    gone.cancel()
    for number, (kind, room) in enumerate([("presence", "b"), ("pong", None), ("presence", "b"), ("presence", "b")]):
        asked.answered({"type": kind, "n": number}, room)
    assert [answer.done() for answer in answers] == [False, True, True]
    assert [future.result()["n"] for future in (answers[1], answers[2], last)] == [0, 1, 3]
    assert asked.is_asked("presence", "a")
    assert not asked.is_asked("presence", "b")


@on_a_loop
async def test_a_refusal_goes_to_the_oldest_question_of_its_room() -> None:
    """It names no type; what it refused is told back. One that nobody asked for goes nowhere."""
    asked = Questions()
    pong, left, joined = asked.ask("pong", None), asked.ask("left", "a"), asked.ask("joined", "a")
    assert asked.refused("b", NO) is None
    assert [asked.refused("a", NO), asked.refused("a", NO)] == ["left", "joined"]
    for future in (left, joined):
        with pytest.raises(Refused):
            await future
    assert not pong.done()
    assert asked.refused(None, NO) == "pong"


@on_a_loop
async def test_when_no_answer_will_come_all_are_told() -> None:
    """Also those nobody waits for any more: that is no fault of a task."""
    asked, faults = Questions(), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    first, gone = asked.ask("pong", None), asked.ask("left", "a")
    gone.cancel()
    asked.fail(NO)
    with pytest.raises(Refused):
        await first
    asked.ask("pong", None)
    asked.fail(NO)
    asked.answered({"type": "pong"}, None)
    assert faults == []

"""Which answer belongs to which request, when several are pending."""

import asyncio

import pytest

from labkit.wire.client.requests import Requests
from labkit.wire.client.state import Refused, Status

NO = Refused("rate_limited", "later")


async def test_answer_goes_to_the_oldest_request_it_fits() -> None:
    """Whatever else was asked before, and whoever has stopped waiting keeps the place."""
    asked = Requests(Status(), lambda _: None)
    answers = [asked.expect(kind, room) for kind, room in [("presence", "a"), ("presence", "b"), ("pong", None)]]
    gone, last = asked.expect("presence", "b"), asked.expect("presence", "b")
    gone.cancel()
    for number, (kind, room) in enumerate([("presence", "b"), ("pong", None), ("presence", "b"), ("presence", "b")]):
        asked.answered({"type": kind, "n": number}, room)
    assert [answer.done() for answer in answers] == [False, True, True]
    assert [future.result()["n"] for future in (answers[1], answers[2], last)] == [0, 1, 3]
    assert asked.is_pending("presence", "a")
    assert not asked.is_pending("presence", "b")


async def test_refusal_goes_to_the_oldest_request_of_its_room() -> None:
    """It names no type; what it refused is told back. One that nobody asked for goes nowhere."""
    asked = Requests(Status(), lambda _: None)
    pong, left, joined = asked.expect("pong", None), asked.expect("left", "a"), asked.expect("joined", "a")
    assert asked.refused("b", NO) is None
    assert [asked.refused("a", NO), asked.refused("a", NO)] == ["left", "joined"]
    for future in (left, joined):
        with pytest.raises(Refused):
            await future
    assert not pong.done()
    assert asked.refused(None, NO) == "pong"


async def test_fail_ends_every_request_once() -> None:
    """Also those nobody waits for any more: that is no fault of a task."""
    asked, faults = Requests(Status(), lambda _: None), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    first, gone = asked.expect("pong", None), asked.expect("left", "a")
    gone.cancel()
    asked.fail(NO)
    with pytest.raises(Refused):
        await first
    asked.expect("pong", None)
    asked.fail(NO)
    asked.answered({"type": "pong"}, None)
    assert faults == []

"""Your own function as a server's validator: what it decides, what it is not asked, and what happens when it raises."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from labkit.review.frames import TEXT, frame
from labkit.wire.seams.validator import OwnFault, OwnValidator
from labkit.wire.server import Server
from tests.wire.raw import Ended, Raw, on_a_loop

PROGRESS = '{"type": "progress", "roomId": "a", "jobId": "j", "phase": "p", "percent": NaN}'


def naive(text: str) -> Any:
    """Check as little as many servers do."""
    message = json.loads(text)
    return None if len(message["roomId"]) > 64 else message


async def ending(server: Server, text: str) -> tuple[int, str]:
    """Send a text as a member, and return how its connection ends; 0 if it stays open."""
    raw = await Raw.enter(server.url, "dev-token", "a")
    raw.send(frame(TEXT, text.encode()))
    try:
        await raw.everything()
    except Ended as ended:
        return ended.code, ended.reason
    return 0, ""


@on_a_loop
async def test_accepted_values_reach_the_members_as_they_are() -> None:
    async with Server(port=0, validator=naive) as server:
        member = await Raw.enter(server.url, "dev-token", "a")
        sender = await Raw.enter(server.url, "dev-token", "a")
        sender.send(frame(TEXT, PROGRESS.encode()))
        assert math.isnan((await member.hear("progress"))["percent"])
        sender.say(type="chat", roomId="a", text=["a", "list"], requestId=17)
        event = await member.hear("chat")
        assert event["text"] == ["a", "list"] and isinstance(event["requestId"], str)
        assert server.own_faults == []


@on_a_loop
@pytest.mark.parametrize(
    ("text", "code", "fault"),
    [
        ('"42"', 1011, "naive raised TypeError"),
        ("[]", 1011, "naive raised TypeError"),
        ("{}", 1011, "naive raised KeyError"),
        ("hello", 1011, "naive raised JSONDecodeError"),
        ("[" * 4000, 1011, "naive raised RecursionError"),
        ('{"type": "chat", "roomId": ["a"], "text": "x"}', 1011, "naive accepted a roomId"),
        ('{"type": "chat", "roomId": "' + "a" * 65 + '", "text": "x"}', 1008, ""),
        ('{"type": "shout", "roomId": "a"}', 1008, ""),
        ('{"type": ["chat"], "roomId": "a"}', 1008, ""),
        ('{"type": "chat", "roomId": "b", "text": "x"}', 1008, ""),
        ('{"type": "join", "roomId": "b"}', 0, ""),
        ('{"type": "ping"}', 0, ""),
    ],
)
async def test_connection_ends_as_the_function_decides(text: str, code: int, fault: str) -> None:
    async with Server(port=0, validator=naive) as server:
        assert (await ending(server, text))[0] == code
        assert [each.startswith(fault) for each in server.own_faults] == ([True] if fault else [])
        assert await ending(server, '{"type": "chat", "roomId": "a", "text": "x"}') == (0, "")


@on_a_loop
@pytest.mark.parametrize("answer", [[], 7, True, {"type": {1, 2}}])
async def test_answer_that_is_no_message_is_a_fault(answer: Any) -> None:
    async with Server(port=0, validator=lambda _: answer) as server:
        assert await ending(server, "x") == (1011, "internal error")
        assert len(server.own_faults) == 1


@on_a_loop
async def test_nobody_is_asked_before_login() -> None:
    asked: list[str] = []
    remember: Callable[[str], Any] = asked.append
    async with Server(port=0, validator=remember) as server:
        raw = await Raw.open(server.url)
        raw.send(frame(TEXT, b"[]"))
        assert await raw.ending() == (1008, "message must be an object")
        assert await ending(server, "[]") == (1008, "invalid message")
        assert asked == ["[]"]


def test_fault_that_happens_again_is_listed_once() -> None:
    own = OwnValidator(naive)
    for _ in range(2):
        with pytest.raises(OwnFault):
            own.decode(b"[]", 100)
    assert len(own.faults) == 1

"""A probe is judged by servers: each wrong one fails by the check that shows it, with a server to try it on."""

import asyncio
from random import Random
from typing import Any

import pytest

from labkit.course.exercises import exercise
from labkit.course.exercises.write_probe import PROPERTIES
from labkit.course.judging import judge
from labkit.course.models.write_probe import Server, server_of, simpler_server
from labkit.course.result import Result
from labkit.course.room_server import room_server
from labkit.course.running import probing
from tests.course.answers import known
from tests.course.test_room_server import WORST, said_to

PROBE = "09-find-fault-2"
PLAIN = next(one.source for one in known(PROBE) if one.stem == "plain")
ASKS = '            await say(outsider, type="ping")\n            if words in str(await hear(outsider, "pong")):\n'


def judged(source: str) -> Result:
    return asyncio.run(judge(exercise(PROBE), source))


async def tried(source: str, server: Server) -> Any:
    """What a probe says of a server, here."""
    space: dict[str, Any] = {}
    exec(source, space)
    async with room_server(**server) as url:
        return await space["leaks"](url)


def test_silence_alone_never_passes() -> None:
    """However long the probe waits: the leak comes when it has asked, or it has taken too long."""
    waits = (
        "            with contextlib.suppress(TimeoutError):\n"
        "                async with asyncio.timeout(1):\n"
        "                    while words not in await outsider.recv():\n"
        "                        pass\n"
        "                    return True\n            if False:\n"
    )
    assert PLAIN.count(ASKS) == 1
    source = "import asyncio\n" + PLAIN.replace(ASKS, waits)
    assert asyncio.run(tried(source, Server(leaks_to="similar"))) is True
    assert asyncio.run(tried(source, Server(leaks_to="similar", slow="events"))) is False


def test_counter_example_is_the_plainest_server() -> None:
    result = judged(PLAIN.replace('f"{room}2"', '"elsewhere"'))
    first = result.first_failed
    assert first is not None
    assert (first.id, first.misconception) == ("similar-names", "names-too-different")
    assert first.evidence == (
        "from labkit.course.room_server import room_server",
        "async with room_server(leaks_to='similar') as url:",
        "    print(await leaks(url))  # False, expected True",
    )


def test_endless_probe_is_told_with_the_line_at_which_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    result = judged(PLAIN.replace('"left")', '"gone")'))
    first = result.first_failed
    assert first is not None
    assert first.misconception == "probe-fails-itself"
    assert probing.ENDLESS in first.actual
    assert "at line 2 of `hear`" in first.actual or "at line 4 of `hear`" in first.actual


def test_servers_are_good_or_leak_in_one_way() -> None:
    """What is drawn: both kinds in the slow network, one kind elsewhere."""
    kinds = {one.id: {server_of(each).has_leak for each in one.situations(Random(1))} for one in PROPERTIES}
    assert kinds.pop("slow-network") == {True, False}
    assert kinds == {name: {name in ("tells-all", "similar-names", "after-leave", "no-room")} for name in kinds}


def test_simpler_server_has_one_argument_less() -> None:
    server = Server(leaks_to="left", slow="events", last=True)
    assert [len(one) for one in simpler_server(server)] == [2, 2, 2]
    assert all(one.items() <= server.items() for one in simpler_server(server))


@pytest.mark.parametrize("server", WORST, ids=lambda one: one.code)
def test_right_probe_is_right_about(server: Server) -> None:
    assert asyncio.run(tried(PLAIN, server)) is server.has_leak
    assert asyncio.run(said_to(server)) >= {"auth_ok", "joined", "chat", "pong"}

"""A probe is judged by servers: each wrong one fails by the check that shows it, with a server to try it on."""

import asyncio
import contextlib
from dataclasses import replace
from random import Random
from time import monotonic
from typing import Any

import pytest

from labkit.course.exercises import exercise
from labkit.course.exercises.write_probe import PROPERTIES, Probing
from labkit.course.judging import judge
from labkit.course.models.situations import ask
from labkit.course.models.write_probe import PACE, Server, server_of, simpler_server
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


ASKS_FOR_A_SECOND = ASKS.replace(
    'await hear(outsider, "pong")', 'await asyncio.wait_for(hear(outsider, "pong"), 1)'
).replace("            if", "            with contextlib.suppress(TimeoutError):\n              if")


def test_second_for_a_late_answer_is_no_proof() -> None:
    """What waits until it is asked for comes in that second; what is slow does not."""
    source = "import asyncio\n" + PLAIN.replace(ASKS, ASKS_FOR_A_SECOND)
    assert asyncio.run(tried(source, Server(leaks_to="similar", slow="events"))) is True
    assert asyncio.run(tried(source, Server(leaks_to="similar", slow="answers"))) is False


def test_clock_of_a_probe_runs_as_fast_as_it_is_told() -> None:
    """Time limits and sleeps pass as many times faster; what the server sends arrives as soon as it does."""

    async def probe(url: str) -> float:
        began, real = asyncio.get_running_loop().time(), monotonic()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 2)
        await asyncio.sleep(2)
        assert asyncio.get_running_loop().time() - began >= 4
        return monotonic() - real

    assert 0.4 <= probing.run(probe, "", 10) < 4
    assert probing.run(tried_at, "", 5) is True


async def tried_at(_: str) -> bool:
    return bool(await tried(PLAIN, Server(leaks_to="similar", slow="events")))


def test_verdict_at_a_fast_pace_is_seen_again_at_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe that only a busy machine makes wrong is right."""
    paces: list[float] = []
    asked = Probing._asked

    async def busy(self: Probing, server: Server, pace: float) -> Any:
        paces.append(pace)
        came = await asked(self, server, pace)
        return came if pace == 1 else came._replace(value=not came.value)

    monkeypatch.setattr(Probing, "_asked", busy)
    slow = next(one for one in PROPERTIES if one.id == "slow-network")
    quick = replace(slow, draw=lambda rng: (ask(Server(slow="answers")),), drawn=0, always=(slow.always[-1],))
    asked_for = replace(exercise(PROBE), checks=(replace(quick.check(), needs=(), alone=False),))
    assert asyncio.run(judge(asked_for, PLAIN)).verdict == "pass"
    assert paces == [PACE, 1.0]


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

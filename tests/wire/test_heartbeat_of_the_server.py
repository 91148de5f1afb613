"""The server's heartbeat on short limits: the mute leave their rooms, the healthy never do."""

import asyncio

from labkit.evidence.lateness import Lateness
from labkit.review.frames import PONG, frame
from labkit.wire.server import Server
from tests.wire.raw import TOKEN, Ended, Raw, serving, until

INTERVAL_S, TIMEOUT_S = 0.4, 0.2
SHORT = {"ping_interval_s": INTERVAL_S, "ping_timeout_s": TIMEOUT_S, "auth_timeout_s": 5.0}


async def watcher(server: Server) -> Raw:
    """A healthy member that is told who comes and goes."""
    raw = await Raw.enter(server.url, TOKEN, "a")
    raw.say(type="presence", roomId="a")
    await raw.hear("presence")
    return raw


async def test_a_member_that_answers_no_ping_leaves_its_rooms_in_time() -> None:
    """Gone before interval + timeout is over, by the clock of those who stay; 4408 for the member; 4408 told later."""
    loop = asyncio.get_running_loop()
    async with serving(limits=SHORT) as server, Lateness() as lateness:
        witness = await watcher(server)
        before = loop.time()
        mute = await Raw.enter(server.url, TOKEN, "a")
        after = loop.time()
        mute.answers_pings = False
        assert (await witness.hear("gone"))["userId"] == mute.ok["userId"]
        gone = loop.time()
        assert gone - before >= INTERVAL_S / 2 + TIMEOUT_S
        assert gone - after <= INTERVAL_S + TIMEOUT_S + 3 * lateness.since(before) + 0.05
        assert await mute.ending() == (4408, "no pong")
        assert len(mute.pings) == 1
        back = await Raw.enter(server.url, mute.ok["resume"], previous=mute.ok["connectionId"])
        assert back.ok["previousClose"]["code"] == 4408


async def test_only_the_pong_of_the_latest_ping_counts() -> None:
    """Old and invented pongs keep nobody alive."""
    async with serving(limits=SHORT) as server:
        liar = await Raw.enter(server.url, TOKEN, "a")
        liar.answers_pings = False

        async def lie() -> None:
            while True:
                liar.send(frame(PONG, b"") + frame(PONG, b"\0" * 8))
                await asyncio.sleep(0.05)

        lying = asyncio.create_task(lie())
        assert await liar.ending() == (4408, "no pong")
        lying.cancel()


async def test_healthy_idle_members_stay() -> None:
    """Twenty members that only answer pings, for many intervals: each is pinged again and again, and none is lost."""
    async with serving(limits={**SHORT, "ping_timeout_s": 1.0}) as server:
        witness = await watcher(server)
        idle = [await Raw.enter(server.url, TOKEN, "a") for _ in range(20)]
        listening = [asyncio.create_task(raw.ending()) for raw in idle]
        loop = asyncio.get_running_loop()
        end = loop.time() + 5 * INTERVAL_S
        kinds = []
        while loop.time() < end:
            try:
                async with asyncio.timeout_at(end):
                    kinds.append((await witness.hear())["type"])
            except TimeoutError:
                break
        assert set(kinds) == {"entered"} and not any(task.done() for task in listening)
        assert min(len(raw.pings) for raw in idle) >= 3
        for task in listening:
            task.cancel()


async def test_first_pings_spread_over_second_half_of_interval() -> None:
    """Thirty that came together are not pinged together."""
    loop = asyncio.get_running_loop()
    async with serving(limits={**SHORT, "ping_interval_s": 1.0}) as server:
        came = loop.time()
        raws = [await Raw.enter(server.url) for _ in range(30)]
        listening = [asyncio.create_task(raw.ending()) for raw in raws]
        await until(lambda: all(raw.pings for raw in raws))
        for task in listening:
            task.cancel()
        at = sorted(raw.pings[0] - came for raw in raws)
        assert at[0] >= 0.5 and at[-1] - at[0] > 0.25
        assert at[0] + 0.03 < at[15] < at[-1] - 0.03


async def test_no_pings_where_they_are_off() -> None:
    """pingMs 0, and nobody is asked."""
    async with serving(limits={"ping_interval_s": None}) as server:
        raw = await Raw.enter(server.url)
        assert raw.ok["pingMs"] == 0
        try:
            async with asyncio.timeout(0.3):
                await raw.frame()
            raise AssertionError("something came")
        except TimeoutError:
            pass
        except Ended:
            raise AssertionError("it ended") from None

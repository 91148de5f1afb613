"""line/3: a server that says nothing any more."""

import asyncio

from labkit.review.client.scene import ClientScene
from labkit.review.client.subject import Subject
from labkit.review.client.visit import Visit
from labkit.review.finding import Seen, broken, held
from labkit.review.peer import Ended
from labkit.review.probe import Probe

PING_MS = 300
GIVE_UP_S = 15.0  # the protocol says 10


async def _run(scene: ClientScene) -> Seen:
    silent, healthy = await scene.client(), await scene.client()
    visit, control = await silent.enter(pingMs=PING_MS), await healthy.enter(pingMs=PING_MS)
    visit.answers_pings = False
    answering = asyncio.create_task(_answer(control))
    try:
        return await _watch(silent, visit, control)
    finally:
        answering.cancel()


async def _watch(silent: Subject, visit: Visit, control: Visit) -> Seen:
    if not await visit.until(lambda: visit.ended, PING_MS / 1000 + GIVE_UP_S):
        asked = "asked, and" if _asks(visit) else "did not ask, and"
        return broken(f"it {asked} {GIVE_UP_S:g} s later it still believes in the dead line")
    if control.ended is not None:
        return broken(f"it gave up a line on which its questions were answered: {control.ended}")
    await silent.visit()
    return held(f"it asked {_asks(visit)} times, gave the line up, and came back; where it was answered it stayed")


def _asks(visit: Visit) -> int:
    return visit.pings + [one.get("type") for one in visit.said].count("ping")


async def _answer(visit: Visit) -> None:
    try:
        while True:
            if (await visit.hear()).get("type") == "ping":
                visit.say(type="pong", sentAt="2100-01-01T00:00:00.000Z")
    except Ended:
        pass


PROBE = Probe(
    id="line/3",
    title="A line that has gone silent is given up",
    severity="P1",
    profile="client",
    requirement="After pingMs of silence the client sends ping; 10 s later without an answer it gives up.",
    expected="ping, then a new connection; and none where ping is answered",
    fix="Run a timer that every message sets back; when it rings, send ping, and close when nothing comes.",
    missing_test="Stop answering, and expect ping and then a new connection.",
    run=_run,
)

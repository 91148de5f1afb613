"""codes/3: what a client does about codes that say reconnect."""

import asyncio

from labkit.review.client.scene import ClientScene
from labkit.review.client.visit import Visit
from labkit.review.finding import Seen, broken, held
from labkit.review.peer import Ended, Silent
from labkit.review.probe import Probe

PASSING = {1001: "going away", 1006: "", 1011: "internal error", 4408: "no pong"}


async def _run(scene: ClientScene) -> Seen:
    subjects = {code: await scene.client() for code in PASSING}
    visits = await asyncio.gather(*(subject.enter() for subject in subjects.values()))
    for visit, (code, reason) in zip(visits, PASSING.items(), strict=True):
        _end(visit, code, reason)
    returns = await asyncio.gather(*(subject.enter() for subject in subjects.values()), return_exceptions=True)
    away = [f"{code}: {back}" for code, back in zip(PASSING, returns, strict=True) if isinstance(back, Ended | Silent)]
    if away:
        return broken(f"after {'; after '.join(away)}")
    return held(f"it came back, into its room, after {', '.join(map(str, PASSING))}")


def _end(visit: Visit, code: int, reason: str) -> None:
    if code == 1006:
        visit.abort()
    else:
        visit.close(code, reason)


PROBE = Probe(
    id="codes/3",
    title="A connection that was lost is made anew",
    severity="P1",
    profile="client",
    requirement="1001, 1006, 1011 and 4408 say reconnect; the rooms are joined again.",
    expected="a new connection, with auth and join",
    fix="Reconnect after every code that is not final, and join the rooms again after auth_ok.",
    missing_test="Cut the connection and expect auth and join on a new one.",
    run=_run,
)

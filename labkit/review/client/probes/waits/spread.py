"""waits/1: many clients that lose one server."""

import asyncio

from labkit.review.client.scene import ClientScene
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe

MANY = 8
WINDOW_MS = 3000
LEAST = 1 / 8  # of the window; eight draws fall so close together once in 200,000 times


async def _run(scene: ClientScene) -> Seen:
    subjects = [await scene.client() for _ in range(MANY)]
    visits = await asyncio.gather(*(subject.enter(reconnect={"windowMs": WINDOW_MS}) for subject in subjects))
    closed = [visit.close(1001, "going away") for visit in visits]
    back = await asyncio.gather(*(subject.visit() for subject in subjects))
    waited = sorted(visit.at - at for visit, at in zip(back, closed, strict=True))
    told = f"{MANY} clients, told a window of {WINDOW_MS} ms, came back after {waited[0]:.2f} to {waited[-1]:.2f} s"
    return (held if waited[-1] - waited[0] > LEAST * WINDOW_MS / 1000 else broken)(told)


PROBE = Probe(
    id="waits/1",
    title="Reconnects are spread over the window",
    severity="P1",
    profile="client",
    requirement="The first reconnect comes at a random point of the window that the server last told.",
    expected="eight clients come back over the window, not together",
    fix="Wait random() * windowMs before the first reconnect.",
    missing_test="Close eight clients at once and look at when they come back.",
    run=_run,
)

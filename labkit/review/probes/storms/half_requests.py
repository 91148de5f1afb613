"""storms/7: many half requests at once."""

from labkit.review.finding import Seen
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    head = scene.upgrade().encode()
    for size in range(1, 51):
        half = await scene.dial()
        half.transport.write(head[: size * len(head) // 60])
    return await must_be_well(await scene.enter(scene.room()))


PROBE = Probe(
    id="storms/7",
    title="Half requests hold nobody up",
    severity="P1",
    profile="core",
    requirement="A handshake that does not come to an end delays no other.",
    expected="a client enters beside fifty half requests",
    fix="Read each connection on its own; never wait for one before accepting the next.",
    missing_test="Open fifty connections with half a request and enter with another.",
    run=_run,
)

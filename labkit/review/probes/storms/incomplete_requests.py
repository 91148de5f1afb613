"""storms/7: many incomplete requests at once."""

from labkit.review.finding import Outcome
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    head = scene.upgrade_request().encode()
    for size in range(1, 51):
        half = await scene.dial()
        half.transport.write(head[: size * len(head) // 60])
    return await must_be_well(await scene.enter(scene.room()))


PROBE = Probe(
    id="storms/7",
    title="Incomplete requests do not delay other clients",
    severity="P1",
    profile="core",
    requirement="An incomplete handshake delays no other.",
    expected="a client joins a room beside fifty incomplete requests",
    fix="Read each connection independently; never wait for one before accepting the next.",
    missing_test="Open fifty connections with half a request, and join a room on another.",
    run=_run,
)

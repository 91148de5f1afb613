"""auth/1: a join before auth."""

from labkit.review.finding import Outcome
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    peer = await scene.connect()
    peer.send(type="join", roomId=scene.room())
    return await must_end(scene, peer, 4403)


PROBE = Probe(
    id="auth/1",
    title="A join before auth is refused",
    severity="P0",
    profile="core",
    requirement="Before auth, any other message closes the connection with 4403.",
    expected="close 4403, and no joined",
    fix="Check the state of the connection for every message: before auth, accept only auth.",
    missing_test="Send join as the first message and expect close 4403.",
    run=_run,
)

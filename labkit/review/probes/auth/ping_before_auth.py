"""auth/3: a ping message before auth."""

from labkit.review.finding import Outcome
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    peer = await scene.connect()
    peer.send(type="ping")
    return await must_end(scene, peer, 4403)


PROBE = Probe(
    id="auth/3",
    title="A ping message before auth is refused",
    severity="P2",
    profile="core",
    requirement="Before auth, any other message closes the connection with 4403.",
    expected="close 4403, and no pong",
    fix="Make no exception for harmless messages: before auth, accept only auth.",
    missing_test="Send ping as the first message and expect close 4403.",
    run=_run,
)

"""auth/3: a ping message before auth."""

from labkit.review.finding import Seen
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.connect()
    peer.say(type="ping")
    return await must_end(scene, peer, 4403)


PROBE = Probe(
    id="auth/3",
    title="A ping message before auth is refused too",
    severity="P2",
    profile="core",
    requirement="Anything but auth before auth closes the connection with 4403.",
    expected="close 4403, and no pong",
    fix="Make no exception for harmless messages: before auth only auth is a message.",
    missing_test="Send ping as the first message and expect close 4403.",
    run=_run,
)

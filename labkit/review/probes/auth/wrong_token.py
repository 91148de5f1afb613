"""auth/6: a wrong token."""

from labkit.review.finding import Outcome
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    peer = await scene.connect()
    peer.send(type="auth", token="not-the-token-" + scene.room()[-8:])
    return await must_end(scene, peer, 4403)


PROBE = Probe(
    id="auth/6",
    title="A wrong token is refused",
    severity="P0",
    profile="core",
    requirement="An invalid credential closes the connection with 4403.",
    expected="close 4403",
    fix="Close with 4403 when the credential does not match, and stop reading.",
    missing_test="Send auth with a wrong token and expect close 4403.",
    run=_run,
)

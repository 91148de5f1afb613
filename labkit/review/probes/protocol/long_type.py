"""protocol/2: a type of 200 characters."""

from labkit.review.finding import Seen
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.connect()
    peer.say(type="x" * 200)
    return await must_end(scene, peer, 1008)


PROBE = Probe(
    id="protocol/2",
    title="A long type ends one connection, not the server",
    severity="P0",
    profile="core",
    requirement="A reason has at most 123 bytes and never holds what the peer sent.",
    expected="close 1008 for this connection; every other goes on",
    fix="Close with a constant reason; a library throws when a reason is too long.",
    missing_test="Send a type of 200 characters and expect 1008, and another client to go on.",
    run=_run,
    alone=True,
)

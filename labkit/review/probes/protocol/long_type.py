"""protocol/2: a type of 200 characters."""

from labkit.review.finding import Outcome
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    peer = await scene.connect()
    peer.send(type="x" * 200)
    return await must_end(scene, peer, 1008)


PROBE = Probe(
    id="protocol/2",
    title="A long type ends only its own connection",
    severity="P0",
    profile="core",
    requirement="A close reason has at most 123 bytes and never contains what the client sent.",
    expected="close 1008 for this connection; all others stay open",
    fix="Close with a constant reason: a WebSocket library throws if a reason is too long.",
    missing_test="Send a type of 200 characters; expect 1008, and that another client stays connected.",
    run=_run,
    alone=True,
)

"""protocol/1: a frame without a mask."""

from labkit.review import frames
from labkit.review.finding import Outcome
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    peer = await scene.connect()
    peer.send_frame(frames.TEXT, scene.encode(type="ping").encode(), masked=False)
    return await must_end(scene, peer, 1002, 1006)


PROBE = Probe(
    id="protocol/1",
    title="An unmasked frame ends only its own connection",
    severity="P0",
    profile="core",
    requirement="RFC 6455 5.1: an unmasked frame closes the connection with 1002.",
    expected="close 1002 for this connection; all others stay open",
    fix="Refuse unmasked frames, and handle every error event: in Node an unhandled one ends the process.",
    missing_test="Send an unmasked frame; expect 1002, and that another client stays connected.",
    run=_run,
    alone=True,
)

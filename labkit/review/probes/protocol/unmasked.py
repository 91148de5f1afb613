"""protocol/1: a frame without a mask."""

from labkit.review import frames
from labkit.review.finding import Seen
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.connect()
    peer.frame(frames.TEXT, scene.words(type="ping").encode(), masked=False)
    return await must_end(scene, peer, 1002, 1006)


PROBE = Probe(
    id="protocol/1",
    title="One unmasked frame ends one connection, not the server",
    severity="P0",
    profile="core",
    requirement="RFC 6455 5.1: an unmasked frame closes the connection with 1002.",
    expected="close 1002 for this connection; every other goes on",
    fix="Refuse frames without a mask, and handle the error event of every WebSocket: in Node, none ends the process.",
    missing_test="Send an unmasked frame and expect 1002, and another client to go on.",
    run=_run,
    alone=True,
)

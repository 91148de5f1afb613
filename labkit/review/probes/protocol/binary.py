"""protocol/4: a binary message."""

from labkit.review import frames
from labkit.review.finding import Outcome
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    peer = await scene.enter()
    peer.send_frame(frames.BINARY, scene.encode(type="ping").encode())
    return await must_end(scene, peer, 1003)


PROBE = Probe(
    id="protocol/4",
    title="A binary message is not treated as text",
    severity="P2",
    profile="full",
    requirement="Messages are text; a binary message closes the connection with 1003.",
    expected="close 1003",
    fix="Check the frame type of a message before you read its bytes.",
    missing_test="Send a binary frame with JSON in it and expect 1003.",
    run=_run,
)

"""protocol/4: a binary message."""

from labkit.review import frames
from labkit.review.finding import Seen
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.enter()
    peer.frame(frames.BINARY, scene.words(type="ping").encode())
    return await must_end(scene, peer, 1003)


PROBE = Probe(
    id="protocol/4",
    title="A binary message is not taken for text",
    severity="P2",
    profile="full",
    requirement="Messages are text; binary ones close with 1003.",
    expected="close 1003",
    fix="Look at the kind of a message before its bytes.",
    missing_test="Send a binary frame with JSON in it and expect 1003.",
    run=_run,
)

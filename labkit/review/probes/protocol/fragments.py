"""protocol/10: a message in fragments, with a ping between."""

from labkit.review import frames
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.enter()
    body = scene.words(type="ping").encode()
    peer.frame(frames.TEXT, body[:5], fin=False)
    peer.frame(frames.PING, b"between")
    peer.frame(frames.CONTINUATION, b"", fin=False)
    peer.frame(frames.CONTINUATION, body[5:])
    said = await peer.hear()
    is_right = said.get("type") == "pong" and peer.pongs == [b"between"]
    return (held if is_right else broken)(f"answered with {said.get('type')}, {len(peer.pongs)} pong frames")


PROBE = Probe(
    id="protocol/10",
    title="A message may come in fragments",
    severity="P1",
    profile="core",
    requirement="RFC 6455 5.4: a message may be fragmented, with control frames between.",
    expected="pong frame, then pong",
    fix="Leave fragments to the WebSocket library.",
    missing_test="Send a message in three fragments with a ping between; expect its answer.",
    run=_run,
)

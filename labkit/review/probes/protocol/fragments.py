"""protocol/10: a fragmented message with a ping in between."""

from labkit.review import frames
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    peer = await scene.enter()
    body = scene.encode(type="ping").encode()
    peer.send_frame(frames.TEXT, body[:5], fin=False)
    peer.send_frame(frames.PING, b"between")
    peer.send_frame(frames.CONTINUATION, b"", fin=False)
    peer.send_frame(frames.CONTINUATION, body[5:])
    message = await peer.receive()
    is_right = message.get("type") == "pong" and peer.pongs == [b"between"]
    return (held if is_right else broken)(f"the response was {message.get('type')}, with {len(peer.pongs)} pong frames")


PROBE = Probe(
    id="protocol/10",
    title="A message may be fragmented",
    severity="P1",
    profile="core",
    requirement="RFC 6455 5.4: a message may be fragmented, with control frames in between.",
    expected="a pong frame, then pong",
    fix="Let the WebSocket library reassemble fragments.",
    missing_test="Send a message in three fragments with a ping in between; expect its response.",
    run=_run,
)

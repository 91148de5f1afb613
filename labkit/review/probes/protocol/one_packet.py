"""protocol/12: a handshake and a message in one packet."""

from labkit.review import frames
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    peer = await scene.dial()
    message, answer = await scene.first_message()
    status = await scene.handshake(peer, then=frames.frame(frames.TEXT, message.encode()))
    if status != 101:
        return broken(f"HTTP {status}")
    return held(f"the response was {(await peer.receive(answer))['type']}")


PROBE = Probe(
    id="protocol/12",
    title="A message right after the handshake is not lost",
    severity="P2",
    profile="core",
    requirement="TCP is a stream: a frame may arrive in the same packet as the request.",
    expected="auth_ok",
    fix="Pass the bytes after the request head to the frame parser.",
    missing_test="Send the handshake and auth in one write and expect auth_ok.",
    run=_run,
)

"""protocol/12: a handshake and a message in one packet."""

from labkit.review import frames
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.dial()
    words, answer = await scene.first_words()
    status = await scene.shake(peer, then=frames.frame(frames.TEXT, words.encode()))
    if status != 101:
        return broken(f"HTTP {status}")
    return held(f"answered with {(await peer.hear(answer))['type']}")


PROBE = Probe(
    id="protocol/12",
    title="What comes right behind the handshake is not lost",
    severity="P2",
    profile="core",
    requirement="TCP is a stream: a frame may come in the packet of the request.",
    expected="auth_ok",
    fix="Give the bytes behind the request to the frame parser.",
    missing_test="Send the handshake and auth in one write and expect auth_ok.",
    run=_run,
)

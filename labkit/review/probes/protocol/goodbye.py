"""protocol/16: a client that says goodbye."""

from labkit.review import frames
from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    peer = await scene.enter(scene.room())
    peer.frame(frames.CLOSE, frames.close_payload(1000, "done"))
    ended = await peer.until_ended(scene.target.patience_s)
    if ended is None or ended.code != 1000:
        return broken(f"{ended or 'the close frame was not answered'}")
    if not await peer.until(lambda: peer.is_lost, scene.promised.close_deadline_s + 3):
        return broken("the close was answered, and the TCP connection kept")
    return held("the close frame was answered, and the TCP connection ended")


PROBE = Probe(
    id="protocol/16",
    title="A goodbye is answered",
    severity="P2",
    profile="core",
    requirement="RFC 6455 5.5.1: a close frame is answered with one, and the server ends the TCP connection.",
    expected="close 1000, then the end of the TCP connection",
    fix="Leave the closing handshake to the WebSocket library.",
    missing_test="Send a close frame and expect it back, then the end of the connection.",
    run=_run,
)

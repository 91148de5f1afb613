"""protocol/16: the closing handshake."""

from labkit.review import frames
from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    peer = await scene.enter(scene.room())
    peer.send_frame(frames.CLOSE, frames.close_payload(1000, "done"))
    ended = await peer.until_ended(scene.target.patience_s)
    if ended is None or ended.code != 1000:
        return broken(f"{ended or 'the close frame was not answered'}")
    if not await peer.until(lambda: peer.is_lost, scene.promised.close_deadline_s + 3):
        return broken("the close frame was answered, but the TCP connection stayed open")
    return held("the close frame was answered and the TCP connection ended")


PROBE = Probe(
    id="protocol/16",
    title="A client's close frame is answered",
    severity="P2",
    profile="core",
    requirement="RFC 6455 5.5.1: the server answers a close frame with its own and ends the TCP connection.",
    expected="close 1000, then the end of the TCP connection",
    fix="Let the WebSocket library do the closing handshake.",
    missing_test="Send a close frame; expect one back, then the end of the TCP connection.",
    run=_run,
)

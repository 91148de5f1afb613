"""How the server handles a client's close frame."""

from labkit.evidence import NotSeen, Outcome, broken, held
from labkit.review import frames
from labkit.review.judge import must_not_be_busy, must_receive_only
from labkit.review.probe import Probe
from labkit.review.promise import rfc
from labkit.review.scene import Scene


async def _after_close_frame(scene: Scene) -> Outcome:
    room = scene.room()
    member, leaver = await scene.enter(room), await scene.enter(room)
    leaver.send_frame(frames.CLOSE, frames.close_payload(1000))
    leaver.chat(room, "sent after the close frame")
    ended = await leaver.until_ended(scene.target.patience_s)
    if ended is None:
        raise NotSeen("the close frame was not answered, so whether the server has read the chat after it was not seen")
    must_not_be_busy(scene, ended)
    return await must_receive_only({"the member": member}, member, room, [])


AFTER_CLOSE_FRAME = Probe(
    id="protocol/9",
    title="Messages after a close frame are ignored",
    severity="P1",
    profile="core",
    promise=rfc("5.5.1"),
    cause="messages are still handled after the server has closed the connection",
    requirement="RFC 6455 5.5.1: no data follows a close frame.",
    expected="the room receives nothing",
    fix="Stop handling messages once a close frame has arrived.",
    missing_test="Send a close frame and a chat in one write; the room must receive nothing.",
    run=_after_close_frame,
    alone=True,
)


async def _closing_handshake(scene: Scene) -> Outcome:
    peer = await scene.enter(scene.room())
    peer.send_frame(frames.CLOSE, frames.close_payload(1000, "done"))
    ended = await peer.until_ended(scene.target.patience_s)
    if not scene.is_strict:
        must_not_be_busy(scene, ended)
    if ended is None or ended.code == 1006 or (scene.is_strict and ended.code != 1000):
        return broken(f"{ended or 'the close frame was not answered'}")
    if not await peer.until(lambda: peer.is_lost, scene.promised.close_deadline_s + 3):
        return broken("the close frame was answered, but the TCP connection stayed open")
    return held("the close frame was answered and the TCP connection ended")


CLOSING_HANDSHAKE = Probe(
    id="protocol/16",
    title="A client's close frame is answered",
    severity="P2",
    profile="core",
    promise=rfc("5.5.1"),
    requirement="RFC 6455 5.5.1: the server answers a close frame with its own and ends the TCP connection.",
    expected="close 1000, then the end of the TCP connection",
    fix="Let the WebSocket library do the closing handshake.",
    missing_test="Send a close frame; expect one back, then the end of the TCP connection.",
    run=_closing_handshake,
)

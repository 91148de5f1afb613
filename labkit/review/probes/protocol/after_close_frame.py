"""protocol/9: a chat after the client's own close frame."""

from labkit.review import frames
from labkit.review.finding import Outcome
from labkit.review.judge import must_receive_only
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    member, leaver = await scene.enter(room), await scene.enter(room)
    leaver.send_frame(frames.CLOSE, frames.close_payload(1000))
    leaver.chat(room, "sent after the close frame")
    await leaver.until_ended(scene.target.patience_s)
    return await must_receive_only({"the member": member}, member, room, [])


PROBE = Probe(
    id="protocol/9",
    title="Messages after a close frame are ignored",
    severity="P1",
    profile="core",
    requirement="RFC 6455 5.5.1: no data follows a close frame.",
    expected="the room receives nothing",
    fix="Stop handling messages once a close frame has arrived.",
    missing_test="Send a close frame and a chat in one write; the room must receive nothing.",
    run=_run,
    alone=True,
)

"""protocol/9: a chat behind the peer's own close frame."""

from labkit.review import frames
from labkit.review.finding import Seen
from labkit.review.judge import must_hear_only
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    member, leaver = await scene.enter(room), await scene.enter(room)
    leaver.frame(frames.CLOSE, frames.close_payload(1000))
    leaver.chat(room, "said after goodbye")
    await leaver.until_ended(scene.target.patience_s)
    return await must_hear_only({"the member": member}, member, room, [])


PROBE = Probe(
    id="protocol/9",
    title="Nothing is acted on behind a close frame",
    severity="P1",
    profile="core",
    requirement="RFC 6455 5.5.1: no data follows a close frame.",
    expected="the room hears nothing",
    fix="Stop reading messages when a close frame has come.",
    missing_test="Send a close frame and a chat in one write; the room must hear nothing.",
    run=_run,
    alone=True,
)

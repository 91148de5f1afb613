"""rooms/4: a chat behind an invalid message, in one packet."""

from labkit.review.finding import CannotTell, Seen, broken
from labkit.review.judge import must_hear_only
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    if scene.target.dialect.answer(1008):
        raise CannotTell("it closes nobody for an invalid message")
    room = scene.room()
    member, speaker = await scene.enter(room), await scene.enter(room)
    speaker.text("this is not JSON")
    speaker.chat(room, "said after the close")
    ended = await speaker.until_ended(scene.target.patience_s)
    if ended is None or ended.code != scene.target.dialect.code(1008):
        return broken(f"{ended or 'the connection lives on'}")
    return await must_hear_only({"the member": member}, member, room, [])


PROBE = Probe(
    id="rooms/4",
    title="A member that was closed cannot speak any more",
    severity="P0",
    profile="core",
    requirement="After any close, nothing that the peer still sends is acted on.",
    expected="close 1008, and the room hears nothing",
    fix="Mark the connection as closing before the close frame goes out, and drop every message that comes after.",
    missing_test="Send an invalid message and a chat in one write; the room must hear nothing.",
    run=_run,
)

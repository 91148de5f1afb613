"""rooms/4: a chat right after an invalid message, in one packet."""

from labkit.review.finding import CannotTell, Outcome, broken
from labkit.review.judge import must_receive_only
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    if scene.target.dialect.answer(1008):
        raise CannotTell("this server does not close a connection for an invalid message")
    room = scene.room()
    member, sender = await scene.enter(room), await scene.enter(room)
    sender.send_text("this is not JSON")
    sender.chat(room, "sent after the close")
    ended = await sender.until_ended(scene.target.patience_s)
    if ended is None or ended.code != scene.target.dialect.code(1008):
        return broken(f"{ended or 'the connection stays open'}")
    return await must_receive_only({"the member": member}, member, room, [])


PROBE = Probe(
    id="rooms/4",
    title="A closed member cannot chat any more",
    severity="P0",
    profile="core",
    requirement="After a close, the server ignores everything that the client still sends.",
    expected="close 1008, and the room receives nothing",
    fix="Mark the connection as closing before you send the close frame, and drop every message after that.",
    missing_test="Send an invalid message and a chat in one write; the room must receive nothing.",
    run=_run,
)

"""auth/8: the right token sent right after a wrong one, in one packet."""

from labkit.review.finding import Outcome, broken
from labkit.review.judge import must_receive_only
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    member = await scene.enter(room)
    intruder = await scene.connect()
    intruder.send(type="auth", token="not-the-token-at-all")
    intruder.send(type="auth", token=await scene.token())
    intruder.send(type="join", roomId=room)
    intruder.chat(room, "sent after the close")
    ended = await intruder.until_ended(scene.target.patience_s)
    if ended is None or ended.code != scene.target.dialect.code(4403):
        return broken(f"{ended or 'the connection stays open'}")
    return await must_receive_only({"the member": member}, member, room, [])


PROBE = Probe(
    id="auth/8",
    title="After a failed auth the server ignores all further messages",
    severity="P0",
    profile="core",
    requirement="After a close, the server ignores everything that the client still sends.",
    expected="close 4403, and the room receives nothing",
    fix="Mark the connection as closing before you send the close frame, and drop every message after that.",
    missing_test="Send auth(wrong), auth(right), join and chat in one write; the room must receive nothing.",
    run=_run,
)

"""auth/8: the right token behind a wrong one, in one packet."""

from labkit.review.finding import Seen, broken
from labkit.review.judge import must_hear_only
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    member = await scene.enter(room)
    intruder = await scene.connect()
    intruder.say(type="auth", token="not-the-token-at-all")
    intruder.say(type="auth", token=await scene.token())
    intruder.say(type="join", roomId=room)
    intruder.chat(room, "said after the close")
    ended = await intruder.until_ended(scene.target.patience_s)
    if ended is None or ended.code != scene.target.dialect.code(4403):
        return broken(f"{ended or 'the connection lives on'}")
    return await must_hear_only({"the member": member}, member, room, [])


PROBE = Probe(
    id="auth/8",
    title="Nothing is acted on after a failed auth",
    severity="P0",
    profile="core",
    requirement="After any close, nothing that the peer still sends is acted on.",
    expected="close 4403, and the room hears nothing",
    fix="Mark the connection as closing before the close frame goes out, and drop every message that comes after.",
    missing_test="Send auth(wrong), auth(right), join and chat in one write; the room must hear nothing.",
    run=_run,
)

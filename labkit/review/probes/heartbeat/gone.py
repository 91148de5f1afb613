"""heartbeat/8: a room and its dead member."""

from labkit.review.finding import Seen, broken, held
from labkit.review.mute import ping_interval_s
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    watcher, mute = await scene.enter(room), await scene.enter(room)
    mute.answers_pings = mute.answers_close = False
    watcher.say(type="presence", roomId=room)
    await watcher.hear("presence")
    allowed_s = 1.5 * ping_interval_s(scene, mute) + scene.promised.ping_timeout_s + 3
    if not await mute.until_ended(allowed_s):
        return broken("the dead member was never ended")
    gone = await watcher.hear("gone")
    is_right = gone.get("userId") == mute.ok.get("userId")
    return (held if is_right else broken)(f"gone {gone.get('userId')}, the dead member was {mute.ok.get('userId')}")


PROBE = Probe(
    id="heartbeat/8",
    title="A dead member leaves its rooms",
    severity="P1",
    profile="full",
    requirement="A connection that ends leaves its rooms at once, whether or not it answers the close.",
    expected="gone for the dead member",
    fix="Leave all rooms when a close is decided, not when TCP has noticed.",
    missing_test="Let a member answer no ping and expect gone in the room.",
    run=_run,
)

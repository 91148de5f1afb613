"""heartbeat/8: a room with an unresponsive member."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene
from labkit.review.unresponsive import ping_interval_s


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    watcher, unresponsive = await scene.enter(room), await scene.enter(room)
    unresponsive.answers_pings = unresponsive.answers_close = False
    watcher.send(type="presence", roomId=room)
    await watcher.receive("presence")
    allowed_s = 1.5 * ping_interval_s(scene, unresponsive) + scene.promised.ping_timeout_s + 3
    if not await unresponsive.until_ended(allowed_s):
        return broken("the unresponsive member was never closed")
    gone = await watcher.receive("gone")
    is_right = gone.get("userId") == unresponsive.ok.get("userId")
    return (held if is_right else broken)(
        f"gone for {gone.get('userId')}; the unresponsive member was {unresponsive.ok.get('userId')}"
    )


PROBE = Probe(
    id="heartbeat/8",
    title="An unresponsive member is removed from its rooms",
    severity="P1",
    profile="full",
    requirement="A closed connection leaves its rooms at once, whether or not it answers the close.",
    expected="gone for the unresponsive member",
    fix="Leave all rooms when the server decides to close, not when TCP reports the end.",
    missing_test="Let a member answer no ping, and expect gone in the room.",
    run=_run,
)

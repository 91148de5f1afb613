"""rooms/19: who is in a room, and who is told."""

from labkit.review.finding import Seen, broken
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    watcher = await scene.enter(room)
    watcher.say(type="presence", roomId=room)
    before = await watcher.hear("presence")
    guest = await scene.enter(room)
    entered = await watcher.hear("entered")
    guest.drop()
    gone = await watcher.hear("gone")
    users = [member.get("userId") for member in before.get("members", [])]
    wanted = guest.ok.get("userId")
    if users != [watcher.ok.get("userId")] or entered.get("userId") != wanted or gone.get("userId") != wanted:
        return broken(f"present {users}, entered {entered.get('userId')}, gone {gone.get('userId')}")
    stranger = await scene.enter()
    stranger.say(type="presence", roomId=room)
    return await must_end(scene, stranger, 1008)


PROBE = Probe(
    id="rooms/19",
    title="Members see who is there, strangers do not",
    severity="P1",
    profile="full",
    requirement="presence is answered once, then entered and gone are told; who has not joined gets 1008.",
    expected="presence, entered, gone; close 1008 for a stranger",
    fix="Answer presence to members only, and tell watchers when a user's last connection goes.",
    missing_test="Watch a room, let a guest come and vanish, and expect entered and gone.",
    run=_run,
)

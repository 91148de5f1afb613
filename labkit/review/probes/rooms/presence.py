"""rooms/19: presence in a room."""

from labkit.evidence import Outcome, broken
from labkit.review.judge import must_end
from labkit.review.probe import Probe
from labkit.review.promise import KIT
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    watcher = await scene.enter(room)
    watcher.send(type="presence", roomId=room)
    before = await watcher.receive("presence")
    guest = await scene.enter(room)
    entered = await watcher.receive("entered")
    guest.drop()
    gone = await watcher.receive("gone")
    users = [member.get("userId") for member in before.get("members", [])]
    wanted = guest.ok.get("userId")
    is_right = wanted is not None and entered.get("userId") == gone.get("userId") == wanted
    if not is_right or users != [watcher.ok.get("userId")]:
        return broken(f"present {users}, entered {entered.get('userId')}, gone {gone.get('userId')}")
    stranger = await scene.enter()
    stranger.send(type="presence", roomId=room)
    return await must_end(scene, stranger, 1008)


PROBE = Probe(
    id="rooms/19",
    title="Members see who is present, others do not",
    severity="P1",
    profile="full",
    promise=KIT,
    requirement="presence is answered once, followed by entered and gone; a client outside the room gets 1008.",
    expected="presence, entered, gone; close 1008 for a client outside the room",
    fix="Answer presence only to members, and notify watchers when a user's last connection leaves.",
    missing_test="Watch a room, let a guest join and disconnect; expect entered and gone.",
    run=_run,
)

"""rooms/3: speaking and listening after leave."""

from labkit.review.finding import Seen, broken
from labkit.review.judge import must_end, must_hear_only
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    stays, leaves = await scene.enter(room), await scene.enter(room)
    leaves.say(type="leave", roomId=room)
    await leaves.hear("left")
    stays.chat(room, "after it left")
    await stays.hear("chat")
    heard = [said for said in await leaves.everything() if said.get("type") == "chat"]
    if heard:
        return broken("it still hears the room that it left")
    leaves.chat(room, "from one who left")
    seen = await must_end(scene, leaves, 1008)
    return seen if seen.verdict == "broken" else await must_hear_only({"who stayed": stays}, stays, room, [])


PROBE = Probe(
    id="rooms/3",
    title="Who has left neither hears nor speaks",
    severity="P0",
    profile="full",
    requirement="leave ends the membership in both directions.",
    expected="left, then no event; a chat closes with 1008",
    fix="Remove the connection from the room and the room from the connection in one step.",
    missing_test="Leave a room, let others talk, then chat to it; expect no event and close 1008.",
    run=_run,
)

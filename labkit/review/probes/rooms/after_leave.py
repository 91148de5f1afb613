"""rooms/3: sending and receiving after leave."""

from labkit.review.finding import Outcome, broken
from labkit.review.judge import must_end, must_receive_only
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    stays, leaves = await scene.enter(room), await scene.enter(room)
    leaves.send(type="leave", roomId=room)
    await leaves.receive("left")
    stays.chat(room, "after it left")
    await stays.receive("chat")
    chats = [one for one in await leaves.received_so_far() if one.get("type") == "chat"]
    if chats:
        return broken("it still receives events of the room that it left")
    leaves.chat(room, "from a former member")
    outcome = await must_end(scene, leaves, 1008)
    return (
        outcome
        if outcome.verdict == "broken"
        else await must_receive_only({"the remaining member": stays}, stays, room, [])
    )


PROBE = Probe(
    id="rooms/3",
    title="A member that has left neither receives nor sends",
    severity="P0",
    profile="full",
    requirement="leave ends the membership in both directions.",
    expected="left, then no events; a chat closes with 1008",
    fix="Remove the connection from the room and the room from the connection in one step.",
    missing_test="Leave a room, let another member chat, then chat to it; expect no event and close 1008.",
    run=_run,
)

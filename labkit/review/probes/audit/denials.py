"""audit/4: denials on record."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    scene.is_in_audit("anything")
    room = "private:" + scene.room()[2:10]
    guest = await scene.enter("review:ticket", token=await scene.ticket())
    guest.say(type="join", roomId=room)
    if (await guest.hear()).get("code") != "room_denied":
        return broken("a room outside the grants was not denied")
    guest.chat("review:ticket", "stored behind the denial")
    await guest.hear("chat")
    return (
        held("the denied room is in the file") if scene.is_in_audit(room) else broken("the denial is not in the file")
    )


PROBE = Probe(
    id="audit/4",
    title="Denials are on record",
    severity="P1",
    profile="full",
    requirement="Denials go to the audit file: they are what an investigation looks for.",
    expected="the name of the denied room in the audit file, before what came later",
    fix="Write down each refusal with the room and the connection.",
    missing_test="Be denied a room and look for it in the audit file.",
    run=_run,
)

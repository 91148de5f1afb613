"""audit/4: denied joins in the audit log."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    scene.is_in_audit("anything")
    room = "private:" + scene.room()[2:10]
    guest = await scene.enter("review:ticket", token=await scene.ticket())
    guest.send(type="join", roomId=room)
    if (await guest.receive()).get("code") != "room_denied":
        return broken("a room outside the grants was not denied")
    guest.chat("review:ticket", "stored after the denial")
    await guest.receive("chat")
    return (
        held("the audit file contains the denied room")
        if scene.is_in_audit(room)
        else broken("the audit file does not contain the denial")
    )


PROBE = Probe(
    id="audit/4",
    title="Denied joins are in the audit log",
    severity="P1",
    profile="full",
    requirement="Denied joins go to the audit file: an investigation looks for them first.",
    expected="the name of the denied room in the audit file, before any later event",
    fix="Record each refusal with the room and the connection.",
    missing_test="Get denied a room, and look for it in the audit file.",
    run=_run,
)

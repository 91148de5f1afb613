"""Probes that look for joins, denied joins and closes in the audit log."""

from labkit.evidence import CannotTell, NotSeen, Outcome, broken, held
from labkit.review.judge import must_be_refusal, must_be_well
from labkit.review.probe import Probe
from labkit.review.promise import KIT
from labkit.review.scene import Scene


async def _joins(scene: Scene) -> Outcome:
    if scene.target.audit is None:
        raise CannotTell("needs --audit")
    room = scene.room("joined")
    peer = await scene.enter(room)
    await must_be_well(peer)
    return (held if scene.is_in_audit(room) else broken)(
        f"the audit file {'contains' if scene.is_in_audit(room) else 'does not contain'} the join"
    )


JOINS = Probe(
    id="audit/3",
    title="Joins are in the audit log",
    severity="P1",
    profile="full",
    promise=KIT,
    requirement="Accepted events, denied joins, joins and closes go to the audit file.",
    expected="the room's name in the audit file",
    fix="Record which user joined which room, and when.",
    missing_test="Join a room, and look for it in the audit file.",
    run=_joins,
)


async def _denials(scene: Scene) -> Outcome:
    scene.is_in_audit("anything")
    room = "private:" + scene.unique()
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


DENIALS = Probe(
    id="audit/4",
    title="Denied joins are in the audit log",
    severity="P1",
    profile="full",
    promise=KIT,
    requirement="Denied joins go to the audit file, because they are the first thing that an investigator looks for.",
    expected="the name of the denied room in the audit file, before any later event",
    fix="Record each refusal with the room and the connection.",
    missing_test="Try to join a room that is denied, and look for it in the audit file.",
    run=_denials,
)


async def _closes(scene: Scene) -> Outcome:
    scene.is_in_audit("anything")
    room = scene.room()
    member, kicked = await scene.enter(room), await scene.enter()
    kicked.send_text("this is not JSON")
    must_be_refusal(scene, await kicked.until_ended(scene.target.patience_s))
    member.chat(room, "stored after the close")
    await member.receive("chat")
    if not (connection := str(kicked.ok.get("connectionId") or "")):
        raise NotSeen("auth_ok contains no connectionId to look for, so the entry of the close was not seen")
    entries = (f'"code":{code}' for code in (1008, scene.target.dialect.code(1008)))
    if scene.is_in_audit(connection) and any(scene.is_in_audit(entry) for entry in entries):
        return held("the audit file contains the connection and the code")
    return broken("the audit file does not contain the close")


CLOSES = Probe(
    id="audit/5",
    title="Closes are in the audit log",
    severity="P1",
    profile="full",
    promise=KIT,
    requirement="Every close goes to the audit file, with the connection and the code.",
    expected="the connectionId and the code in the audit file, before any later event",
    fix="Record how each connection ended.",
    missing_test="Make the server close a connection with 1008, and look for the connection in the audit file.",
    run=_closes,
)

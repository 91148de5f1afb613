"""audit/5: closes in the audit log."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    scene.is_in_audit("anything")
    room = scene.room()
    member, kicked = await scene.enter(room), await scene.enter()
    kicked.send_text("this is not JSON")
    await kicked.until_ended(scene.target.patience_s)
    member.chat(room, "stored after the close")
    await member.receive("chat")
    connection = str(kicked.ok.get("connectionId"))
    entries = (f'"code":{code}' for code in (1008, scene.target.dialect.code(1008)))
    if scene.is_in_audit(connection) and any(scene.is_in_audit(entry) for entry in entries):
        return held("the audit file contains the connection and the code")
    return broken("the audit file does not contain the close")


PROBE = Probe(
    id="audit/5",
    title="Closes are in the audit log",
    severity="P1",
    profile="full",
    requirement="Every close goes to the audit file, with the connection and the code.",
    expected="the connectionId and the code in the audit file, before any later event",
    fix="Record how each connection ended.",
    missing_test="Get closed with 1008, and look for the connection in the audit file.",
    run=_run,
)

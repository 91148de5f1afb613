"""audit/5: kicks and closes on record."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    scene.is_in_audit("anything")
    room = scene.room()
    member, kicked = await scene.enter(room), await scene.enter()
    kicked.text("this is not JSON")
    await kicked.until_ended(scene.target.patience_s)
    member.chat(room, "stored behind the close")
    await member.hear("chat")
    name = str(kicked.ok.get("connectionId"))
    marks = (f'"code":{code}' for code in (1008, scene.target.dialect.code(1008)))
    if scene.is_in_audit(name) and any(scene.is_in_audit(mark) for mark in marks):
        return held("the connection and the code are in the file")
    return broken("the close is not in the file")


PROBE = Probe(
    id="audit/5",
    title="Kicks are on record",
    severity="P1",
    profile="full",
    requirement="Kicks and closes go to the audit file, with the connection and the code.",
    expected="the connectionId and the code in the audit file, before what came later",
    fix="Write down how each connection ended.",
    missing_test="Be closed with 1008 and look for the connection in the audit file.",
    run=_run,
)

"""audit/3: joins in the audit log."""

from labkit.review.finding import CannotTell, Outcome, broken, held
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    if scene.target.audit is None:
        raise CannotTell("needs --audit")
    room = scene.room("joined")
    peer = await scene.enter(room)
    await must_be_well(peer)
    return (held if scene.is_in_audit(room) else broken)(
        f"the audit file {'contains' if scene.is_in_audit(room) else 'does not contain'} the join"
    )


PROBE = Probe(
    id="audit/3",
    title="Joins are in the audit log",
    severity="P1",
    profile="full",
    requirement="Accepted events, denied joins, joins and closes go to the audit file.",
    expected="the room's name in the audit file",
    fix="Record which user joined which room, and when.",
    missing_test="Join a room, and look for it in the audit file.",
    run=_run,
)

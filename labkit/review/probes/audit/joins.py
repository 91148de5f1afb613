"""audit/3: joins on record."""

from labkit.review.finding import CannotTell, Seen, broken, held
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    if scene.target.audit is None:
        raise CannotTell("needs --audit")
    room = scene.room("joined")
    peer = await scene.enter(room)
    await must_be_well(peer)
    return (held if scene.is_in_audit(room) else broken)(
        f"the audit file {'has' if scene.is_in_audit(room) else 'lacks'} the join"
    )


PROBE = Probe(
    id="audit/3",
    title="Joins are on record",
    severity="P1",
    profile="full",
    requirement="Accepted events, denials, joins, kicks and closes go to the audit file.",
    expected="the room's name in the audit file",
    fix="Write down who joined which room and when.",
    missing_test="Join a room and look for it in the audit file.",
    run=_run,
)

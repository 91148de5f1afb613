"""audit/2: events are stored before they are delivered."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

COUNT = 10


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    sender, receiver = await scene.enter(room), await scene.enter(room)
    for number in range(COUNT):
        sender.chat(room, str(number))
        event = str((await receiver.receive("chat")).get("id"))
        if not scene.is_in_audit(event):
            return broken(f"event {number + 1} arrived before it was in the audit file")
    return held(f"each of {COUNT} events was in the audit file when it arrived")


PROBE = Probe(
    id="audit/2",
    title="No event is delivered before it is stored",
    severity="P0",
    profile="full",
    requirement="An event is committed before the first member receives it.",
    expected="the event's id is in the audit file when the event arrives",
    fix="Commit first, and publish when the commit is done.",
    missing_test="Receive an event, and find its id in the audit file at once.",
    run=_run,
)

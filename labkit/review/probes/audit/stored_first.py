"""audit/2: stored first, told second."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

COUNT = 10


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    speaker, listener = await scene.enter(room), await scene.enter(room)
    for number in range(COUNT):
        speaker.chat(room, str(number))
        event = str((await listener.hear("chat")).get("id"))
        if not scene.is_in_audit(event):
            return broken(f"event {number + 1} was heard before it was in the audit file")
    return held(f"each of {COUNT} events was in the file when it was heard")


PROBE = Probe(
    id="audit/2",
    title="Nobody hears of what is not stored",
    severity="P0",
    profile="full",
    requirement="An event is committed before the first member hears of it.",
    expected="the event's id is in the audit file when the event is heard",
    fix="Commit first, and publish when the commit is done.",
    missing_test="Hear an event and find its id in the audit file at once.",
    run=_run,
)

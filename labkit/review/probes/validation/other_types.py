"""validation/13: valid messages of the other types."""

from labkit.review.endpoint import Message
from labkit.review.finding import CannotTell, Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

PUBLICATIONS: tuple[Message, ...] = (
    {"type": "progress", "jobId": "j", "phase": "build", "percent": 12.5, "note": "n"},
    {"type": "comment", "target": "line 4", "text": "why?"},
    {"type": "read", "upTo": 3},
    {"type": "alert", "severity": "critical", "customer": "c", "text": "down"},
    {"type": "exercise", "exercise": "e1", "status": "pass", "check": "c", "at": 5, "n": 2},
)


async def _run(scene: Scene) -> Outcome:
    if scene.target.dialect.lacks(*(str(one["type"]) for one in PUBLICATIONS)):
        raise CannotTell("the dialect's [types] names none of them")
    room = scene.room()
    sender, receiver = await scene.enter(room), await scene.enter(room)
    for publication in PUBLICATIONS:
        sender.send(roomId=room, **publication)
        event = await receiver.receive()
        changed = [name for name, value in publication.items() if event.get(name) != value]
        if changed:
            return broken(f"{publication['type']}: {', '.join(changed)} arrived changed")
    return held(f"each of {len(PUBLICATIONS)} messages arrived unchanged")


PROBE = Probe(
    id="validation/13",
    title="Progress, comments, reads, alerts and exercises arrive",
    severity="P1",
    profile="full",
    requirement="Each message becomes an event with its own fields.",
    expected="every field as it was sent",
    fix="Forward the validated fields of each type.",
    missing_test="Send one message of each type, and compare the events.",
    run=_run,
)

"""validation/13: the other publications, as they should be."""

from labkit.review.finding import CannotTell, Seen, broken, held
from labkit.review.peer import Said
from labkit.review.probe import Probe
from labkit.review.scene import Scene

PUBLICATIONS: tuple[Said, ...] = (
    {"type": "progress", "jobId": "j", "phase": "build", "percent": 12.5, "note": "n"},
    {"type": "comment", "target": "line 4", "text": "why?"},
    {"type": "read", "upTo": 3},
    {"type": "alert", "severity": "critical", "customer": "c", "text": "down"},
    {"type": "exercise", "exercise": "e1", "status": "pass", "check": "c", "at": 5, "n": 2},
)


async def _run(scene: Scene) -> Seen:
    if scene.target.dialect.lacks(*(str(one["type"]) for one in PUBLICATIONS)):
        raise CannotTell("the dialect's [types] name none of them")
    room = scene.room()
    speaker, listener = await scene.enter(room), await scene.enter(room)
    for publication in PUBLICATIONS:
        speaker.say(roomId=room, **publication)
        said = await listener.hear()
        lost = [name for name, value in publication.items() if said.get(name) != value]
        if lost:
            return broken(f"{publication['type']}: {', '.join(lost)} came out changed")
    return held(f"each of {len(PUBLICATIONS)} came out as it went in")


PROBE = Probe(
    id="validation/13",
    title="Progress, comments, reads, alerts and exercises arrive",
    severity="P1",
    profile="full",
    requirement="Each publication becomes an event with its own fields.",
    expected="every field as it was sent",
    fix="Pass on the checked fields of each type.",
    missing_test="Send one of each type and compare the events.",
    run=_run,
)

"""validation/12: the other publications, and their faults."""

from labkit.review.finding import CannotTell, Seen
from labkit.review.judge import each_must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene

FAULTS = (
    {"type": "progress", "jobId": "j", "phase": "p", "percent": 101},
    {"type": "progress", "jobId": "j", "phase": "p", "percent": "50"},
    {"type": "progress", "jobId": "", "phase": "p", "percent": 5},
    {"type": "comment", "text": "no target"},
    {"type": "read", "upTo": -1},
    {"type": "read", "upTo": 1.5},
    {"type": "alert", "severity": "loud", "customer": "c", "text": "x"},
    {"type": "exercise", "exercise": "e", "status": "maybe", "at": 1, "n": 1},
)


async def _run(scene: Scene) -> Seen:
    if scene.target.dialect.lacks(*(str(one["type"]) for one in FAULTS)):
        raise CannotTell("the dialect's [types] name none of them")
    room = scene.room()
    return await each_must_end(scene, (1008,), [scene.words(roomId=room, **fault) for fault in FAULTS], room)


PROBE = Probe(
    id="validation/12",
    title="Every type has its own fields, and each is checked",
    severity="P1",
    profile="full",
    requirement="Wrong fields close with 1008, whatever the type.",
    expected="close 1008 for each",
    fix="Write down the fields of each type with their limits, and judge every message against them.",
    missing_test="Send progress with 101 percent, an unknown severity and a negative upTo; expect 1008.",
    run=_run,
)

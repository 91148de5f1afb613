"""validation/12: invalid fields in the other message types."""

from labkit.review.finding import CannotTell, Outcome
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


async def _run(scene: Scene) -> Outcome:
    if scene.target.dialect.lacks(*(str(one["type"]) for one in FAULTS)):
        raise CannotTell("the dialect's [types] names none of them")
    room = scene.room()
    return await each_must_end(scene, (1008,), [scene.encode(roomId=room, **fault) for fault in FAULTS], room)


PROBE = Probe(
    id="validation/12",
    title="Every message type has its own validated fields",
    severity="P1",
    profile="full",
    requirement="Invalid fields close the connection with 1008, whatever the type.",
    expected="close 1008 for each message",
    fix="Define the fields of each type with their limits, and validate every message against them.",
    missing_test="Send progress with 101 percent, an unknown severity and a negative upTo; expect 1008.",
    run=_run,
)

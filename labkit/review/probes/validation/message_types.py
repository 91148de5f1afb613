"""Validation of message types and their fields."""

from labkit.evidence import CannotTell, Outcome, broken, held
from labkit.review.endpoint import Message
from labkit.review.judge import each_must_end
from labkit.review.probe import Probe
from labkit.review.promise import DANGER, KIT
from labkit.review.scene import Scene

TYPES = (None, 1, ["ping"], "nothing", "PING", "__proto__", "constructor")


async def _unknown_type(scene: Scene) -> Outcome:
    texts = ["{}", *(scene.encode(type=kind) for kind in TYPES)]
    return await each_must_end(scene, (1008,), texts)


UNKNOWN_TYPE = Probe(
    id="validation/3",
    title="An unknown type is refused",
    severity="P1",
    profile="core",
    promise=DANGER,
    cause="messages are used before they are validated",
    requirement="A type that is unknown or not a string closes the connection with 1008.",
    expected="close 1008 for each message",
    fix="Look up the type in a fixed list, and refuse everything else.",
    missing_test="Send a message without a type, with a number as its type, and with an unknown type; expect 1008.",
    run=_unknown_type,
)


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


async def _invalid_fields(scene: Scene) -> Outcome:
    if scene.target.dialect.lacks(*(str(one["type"]) for one in FAULTS)):
        raise CannotTell("the dialect's [types] names none of them")
    room = scene.room()
    return await each_must_end(scene, (1008,), [scene.encode(roomId=room, **fault) for fault in FAULTS], room)


INVALID_FIELDS = Probe(
    id="validation/12",
    title="Every message type has its own validated fields",
    severity="P1",
    profile="full",
    promise=KIT,
    cause="messages are used before they are validated",
    requirement="Invalid fields close the connection with 1008, whatever the type.",
    expected="close 1008 for each message",
    fix="Define the fields of each type with their limits, and validate every message against them.",
    missing_test="Send progress with 101 percent, an unknown severity and a negative upTo; expect 1008.",
    run=_invalid_fields,
)


PUBLICATIONS: tuple[Message, ...] = (
    {"type": "progress", "jobId": "j", "phase": "build", "percent": 12.5, "note": "n"},
    {"type": "comment", "target": "line 4", "text": "why?"},
    {"type": "read", "upTo": 3},
    {"type": "alert", "severity": "critical", "customer": "c", "text": "down"},
    {"type": "exercise", "exercise": "e1", "status": "pass", "check": "c", "at": 5, "n": 2},
)


async def _other_types(scene: Scene) -> Outcome:
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


OTHER_TYPES = Probe(
    id="validation/13",
    title="Progress, comments, reads, alerts and exercises arrive",
    severity="P1",
    profile="full",
    promise=KIT,
    requirement="Each message becomes an event with its own fields.",
    expected="every field exactly as it was sent",
    fix="Forward the validated fields of each type.",
    missing_test="Send one message of each type, and compare the events with the messages.",
    run=_other_types,
)

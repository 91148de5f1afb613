"""Probes that look for events in the audit log."""

import asyncio

from labkit.evidence import CannotTell, Outcome, broken, held
from labkit.review.endpoint import Message
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.scene import Scene

LEAST_ID = 8  # characters: a shorter text may be in the file for another reason


def _mark(event: Message, text: str) -> tuple[str, str]:
    """Return the field of an event by which a file that may contain anything shows it, and its value."""
    event_id = event.get("id")
    return ("id", event_id) if isinstance(event_id, str) and len(event_id) >= LEAST_ID else ("text", text)


async def _events(scene: Scene) -> Outcome:
    room = scene.room()
    sender = await scene.enter(room)
    text = f"for the audit log of {room}"
    sender.chat(room, text)
    field, event = _mark(await sender.receive_chat(room), text)
    for _ in range(50):
        if scene.is_in_audit(event) if scene.target.audit else event in scene.log():
            return held(f"the event's {field} is recorded")
        await asyncio.sleep(0.05)
    if scene.target.audit is None and not scene.is_strict:
        raise CannotTell("needs --audit: the log does not contain the event, so it may be recorded elsewhere")
    return broken(f"the event's {field}, {event}, is not recorded")


EVENTS = Probe(
    id="audit/1",
    title="Events are recorded in a log or file, not only delivered",
    severity="P1",
    profile="core",
    promise=DANGER,
    requirement="WebSocket delivery is not an audit log: accepted events are recorded as well.",
    expected="the event's id in the audit file or in the log",
    fix="Write each accepted event to durable storage before you send it.",
    missing_test="Send a chat message and look for its id in the audit log.",
    run=_events,
)


COUNT = 10


async def _stored_first(scene: Scene) -> Outcome:
    room = scene.room()
    sender, receiver = await scene.enter(room), await scene.enter(room)
    for number in range(COUNT):
        text = f"{number} for the audit file of {room}"
        sender.chat(room, text)
        _, event = _mark(await receiver.receive_chat(room), text)
        if not scene.is_in_audit(event):
            return broken(f"event {number + 1} arrived before it was in the audit file")
    return held(f"each of {COUNT} events was in the audit file when it arrived")


STORED_FIRST = Probe(
    id="audit/2",
    title="No event is delivered before it is stored",
    severity="P0",
    profile="full",
    promise=DANGER,
    requirement="An event is committed before the first member receives it.",
    expected="the event's id is in the audit file when the event arrives",
    fix="Commit first, and publish when the commit is done.",
    missing_test="Receive an event, and look for its id in the audit file immediately.",
    run=_stored_first,
)

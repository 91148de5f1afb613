"""audit/1: is there a log outside delivery?"""

import asyncio

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    speaker = await scene.enter(room)
    words = f"for the record of {room}"
    speaker.chat(room, words)
    name = (await speaker.hear("chat")).get("id")
    what, event = ("id", name) if isinstance(name, str) and name else ("text", words)
    for _ in range(50):
        if scene.is_in_audit(event) if scene.target.audit else event in scene.log():
            return held(f"the event's {what} is on record")
        await asyncio.sleep(0.05)
    return broken(f"the event's {what}, {event}, is not on record")


PROBE = Probe(
    id="audit/1",
    title="Events are on record outside delivery",
    severity="P1",
    profile="core",
    requirement="WebSocket delivery is no audit log: accepted events are written down as well.",
    expected="the event's id in the audit file, or in the log",
    fix="Write each accepted event to durable storage before it is sent.",
    missing_test="Send a chat and look for its id in the audit log.",
    run=_run,
)

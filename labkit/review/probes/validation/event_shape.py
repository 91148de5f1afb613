"""validation/14: the fields of an event."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

FIELDS = ("type", "id", "requestId", "roomId", "userId", "text", "sentAt")


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    peer = await scene.enter(room)
    peer.chat(room, "one", requestId="r1")
    peer.chat(room, "two", requestId="r2")
    first, second = await peer.receive("chat"), await peer.receive("chat")
    missing = [name for name in FIELDS if not isinstance(first.get(name), str) or not first[name]]
    if missing:
        return broken(f"missing or not a string: {', '.join(missing)}")
    return (held if first["id"] != second["id"] else broken)(f"ids {first['id']} and {second['id']}")


PROBE = Probe(
    id="validation/14",
    title="An event has its own id, its room, its user and its time",
    severity="P1",
    profile="core",
    requirement="A chat event is {type, id, requestId, roomId, userId, text, sentAt}, with a unique id.",
    expected="every field as text, and two ids for two events",
    fix="Generate an id for each event, and take the other fields from the session and the clock.",
    missing_test="Send two chats and check the fields of both events.",
    run=_run,
)

"""rooms/5: a chat message with a userId chosen by the sender."""

from labkit.evidence import Outcome, broken, held
from labkit.review.judge import refuses_fields
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.scene import Scene

SPOOFED = {"userId": "admin", "id": "1", "seq": 10**6, "sentAt": "1999-01-01T00:00:00.000Z", "duplicate": True}


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    receiver, sender = await scene.enter(room), await scene.enter(room)
    sender.chat(room, "first")
    user = sender.ok.get("userId", (await receiver.receive_chat(room)).get("userId"))
    sender.chat(room, "spoofed", **SPOOFED)
    if await refuses_fields(scene, sender):
        return held("the server refuses a chat message with fields that are not its own")
    event = await receiver.receive_chat(room)
    copied = [name for name, value in SPOOFED.items() if event.get(name) == value]
    if copied or event.get("userId") != user:
        return broken(f"copied from the message: {', '.join(copied) or 'userId'}")
    if any(name in event for name in ("userId", "id", "sentAt")):
        return held("the server sets userId, id and sentAt")
    return held("the event contains none of the spoofed fields, and no userId")


PROBE = Probe(
    id="rooms/5",
    title="A sender cannot choose its userId",
    severity="P0",
    profile="core",
    promise=DANGER,
    cause="events repeat fields that the client chose",
    requirement="The server sets userId, id and sentAt of an event; unknown fields are ignored.",
    expected="the sender's userId from auth_ok, a new id, and the server's time",
    fix="Build the event from the session and the validated fields; never spread the message into it.",
    missing_test="Send a chat message with your own userId, id and sentAt; expect none of them in the event.",
    run=_run,
)

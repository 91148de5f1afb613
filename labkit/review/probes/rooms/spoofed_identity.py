"""rooms/5: a chat that brings its own userId."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

OWN = {"userId": "admin", "id": "1", "seq": 10**6, "sentAt": "1999-01-01T00:00:00.000Z", "duplicate": True}


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    listener, speaker = await scene.enter(room), await scene.enter(room)
    speaker.chat(room, "who I am")
    user = speaker.ok.get("userId", (await listener.hear("chat")).get("userId"))
    speaker.chat(room, "trust me", **OWN)
    said = await listener.hear("chat")
    taken = [name for name, value in OWN.items() if said.get(name) == value]
    if taken or said.get("userId") != user:
        return broken(f"taken from the sender: {', '.join(taken) or 'userId'}")
    if any(name in said for name in ("userId", "id", "sentAt")):
        return held("userId, id and sentAt are the server's own")
    return held("nothing that was given came out, and no event says who spoke")


PROBE = Probe(
    id="rooms/5",
    title="A sender cannot choose who it is",
    severity="P0",
    profile="core",
    requirement="userId, id and sentAt of an event are the server's; unknown fields are ignored.",
    expected="the sender's userId of auth_ok, a fresh id, the server's time",
    fix="Build the event from the session and the checked fields; never spread the message into it.",
    missing_test="Send a chat with userId, id and sentAt of your own and expect none of them in the event.",
    run=_run,
)

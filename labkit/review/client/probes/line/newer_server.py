"""line/2: messages that the client does not know."""

from labkit.review.client.scene import ClientScene
from labkit.review.client.subject import ROOM
from labkit.review.finding import Seen, broken, held
from labkit.review.peer import Ended, Silent
from labkit.review.probe import Probe


async def _run(scene: ClientScene) -> Seen:
    subject = await scene.client()
    visit = await subject.enter(colour="blue", features={"a": [1, None]})
    visit.say(type="weather", text="fine")
    visit.say(type="weather", roomId=ROOM, text="fine", seq=1)
    subject.publish(visit, "with more fields", "of another", userId="another", seq=2, mood={"good": True})
    await subject.told(visit, "still here")
    try:
        chat = await visit.hear("chat")
    except (Ended, Silent) as instead:
        return broken(f"it did not live through types and fields that it does not know: {instead}")
    return (held if chat.get("text") == "still here" else broken)(f"then it said {chat.get('text')!r}")


PROBE = Probe(
    id="line/2",
    title="Unknown types and fields are passed over",
    severity="P1",
    profile="client",
    requirement="The server may be newer than the client: what is not known is ignored.",
    expected="the client goes on, and says what it is told to",
    fix="Ignore types and fields that you do not know.",
    missing_test="Send an unknown type and go on.",
    run=_run,
)

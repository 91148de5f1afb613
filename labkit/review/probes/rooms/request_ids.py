"""What happens when the same requestId is sent twice."""

from labkit.evidence import CannotTell, Outcome, broken, held
from labkit.review.judge import must_receive_only
from labkit.review.probe import Probe
from labkit.review.promise import DANGER, KIT
from labkit.review.scene import Scene


async def _request_repeated(scene: Scene) -> Outcome:
    room = scene.room()
    sender, receiver = await scene.enter(room), await scene.enter(room)
    sender.chat(room, "once", requestId="the-same")
    sender.chat(room, "once", requestId="the-same")
    first, again = await sender.receive("chat"), await sender.receive("chat")
    if first.get("id") != again.get("id") or again.get("duplicate") is not True:
        return broken("the retry created a second event")
    return await must_receive_only({"the receiver": receiver}, sender, room, ["once"])


REQUEST_REPEATED = Probe(
    id="rooms/17",
    title="A retry creates no second event",
    severity="P1",
    profile="full",
    promise=KIT,
    requirement="If a user repeats a requestId in a room, the sender gets the first event again.",
    expected="the first event again with duplicate: true, to the sender only",
    fix="Remember (user, requestId) per room for a while, and answer a repeat with the first event.",
    missing_test="Send a chat message twice with one requestId; expect one event for the others.",
    run=_request_repeated,
)


async def _request_of_another_user(scene: Scene) -> Outcome:
    room = scene.room()
    first, second = await scene.enter(room), await scene.enter(room)
    if first.ok.get("userId") == second.ok.get("userId"):
        raise CannotTell("needs two --token of different users")
    first.chat(room, "mine", requestId="the-same")
    await second.receive("chat")
    second.chat(room, "mine too", requestId="the-same")
    event = await second.receive("chat")
    summary = f"the second user received {event.get('text')!r}"
    return (held if event.get("text") == "mine too" and not event.get("duplicate") else broken)(summary)


REQUEST_OF_ANOTHER_USER = Probe(
    id="rooms/18",
    title="A requestId of one user does not block another user's",
    severity="P0",
    profile="full",
    promise=DANGER,
    requirement="A requestId is remembered per user and room.",
    expected="two events",
    fix="Include the user in the key.",
    missing_test="Let two users send the same requestId; expect two events.",
    run=_request_of_another_user,
)

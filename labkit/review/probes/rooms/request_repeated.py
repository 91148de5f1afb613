"""rooms/17: the same requestId, sent twice."""

from labkit.review.finding import Outcome, broken
from labkit.review.judge import must_receive_only
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    sender, receiver = await scene.enter(room), await scene.enter(room)
    sender.chat(room, "once", requestId="the-same")
    sender.chat(room, "once", requestId="the-same")
    first, again = await sender.receive("chat"), await sender.receive("chat")
    if first.get("id") != again.get("id") or again.get("duplicate") is not True:
        return broken("the retry created a second event")
    return await must_receive_only({"the receiver": receiver}, sender, room, ["once"])


PROBE = Probe(
    id="rooms/17",
    title="A retry creates no second event",
    severity="P1",
    profile="full",
    requirement="If a user repeats a requestId in a room, the sender gets the first event again.",
    expected="the first event again with duplicate: true, to the sender only",
    fix="Remember (user, requestId) per room for a while, and answer a repeat with the first event.",
    missing_test="Send a chat twice with one requestId; expect one event for the others.",
    run=_run,
)

"""rooms/17: the same requestId, twice."""

from labkit.review.finding import Seen, broken
from labkit.review.judge import must_hear_only
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    speaker, listener = await scene.enter(room), await scene.enter(room)
    speaker.chat(room, "once", requestId="the-same")
    speaker.chat(room, "once", requestId="the-same")
    first, again = await speaker.hear("chat"), await speaker.hear("chat")
    if first.get("id") != again.get("id") or again.get("duplicate") is not True:
        return broken("the repetition became an event of its own")
    return await must_hear_only({"the listener": listener}, speaker, room, ["once"])


PROBE = Probe(
    id="rooms/17",
    title="A retry does not say it twice",
    severity="P1",
    profile="full",
    requirement="A requestId seen before from the same user in the same room gives its sender the first event again.",
    expected="the first event again with duplicate: true, to the sender alone",
    fix="Remember (user, requestId) for each room for a while, and answer a repetition with the first event.",
    missing_test="Send a chat twice with one requestId and expect one event for the others.",
    run=_run,
)

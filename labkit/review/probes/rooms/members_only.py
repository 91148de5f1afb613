"""rooms/1: who hears a chat."""

from labkit.review.finding import Seen, broken
from labkit.review.judge import must_hear_only
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    here, there = scene.room("here"), scene.room("there")
    speaker, listener = await scene.enter(here), await scene.enter(here)
    outsider = await scene.enter(there)
    speaker.chat(here, "for this room")
    if (await listener.hear("chat")).get("roomId", here) != here:
        return broken("the event names another room")
    return await must_hear_only({"a member of another room": outsider}, outsider, there, [])


PROBE = Probe(
    id="rooms/1",
    title="A chat reaches its room and no other",
    severity="P0",
    profile="core",
    requirement="A room's events go to its members only.",
    expected="the member hears it; a member of another room does not",
    fix="Keep members by room and look the room up by the name in the message, after checking it.",
    missing_test="Let two rooms talk and expect each member to hear only its own.",
    run=_run,
)

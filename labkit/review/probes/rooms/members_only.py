"""rooms/1: who receives a chat message."""

from labkit.evidence import Outcome, broken
from labkit.review.judge import must_receive_only
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    here, there = scene.room("here"), scene.room("there")
    sender, receiver = await scene.enter(here), await scene.enter(here)
    outsider = await scene.enter(there)
    sender.chat(here, "for this room")
    if (await receiver.receive("chat")).get("roomId", here) != here:
        return broken("the event names another room")
    return await must_receive_only({"a member of another room": outsider}, outsider, there, [])


PROBE = Probe(
    id="rooms/1",
    title="A chat message reaches its room and no other",
    severity="P0",
    profile="core",
    promise=DANGER,
    cause="membership is not checked for every message",
    requirement="Only members of a room receive its events.",
    expected="a member receives it; a member of another room does not",
    fix="Keep members per room, and look up the room by the message's roomId once you have validated it.",
    missing_test="Send chats in two rooms, and expect each member to receive only those of its own room.",
    run=_run,
)

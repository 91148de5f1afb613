"""rooms/2: a chat message to a room that was not joined."""

from labkit.evidence import NotSeen, Outcome
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout
from labkit.review.judge import must_end, must_receive_only
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    member, stranger = await scene.enter(room), await scene.enter(scene.room("own"))
    stranger.chat(room, "from outside")
    outcome = await must_end(scene, stranger, 1008)
    try:
        room_outcome = await must_receive_only({"the member": member}, member, room, [])
    except (ConnectionEnded, ReceiveTimeout) as instead:
        if outcome.verdict == "broken":
            return outcome
        raise NotSeen(f"whether the chat message reached the room was not seen: for the member, {instead}") from None
    return room_outcome if room_outcome.verdict == "broken" else outcome


PROBE = Probe(
    id="rooms/2",
    title="A client cannot chat in a room that it has not joined",
    severity="P0",
    profile="core",
    promise=DANGER,
    cause="membership is not checked for every message",
    requirement="A chat message to a room that the connection has not joined closes with 1008 and reaches nobody.",
    expected="close 1008, and the room receives nothing",
    fix="Check the sender's membership on the server for every message; never trust roomId alone.",
    missing_test="Join one room, chat to another; expect 1008 and no event in the other room.",
    run=_run,
)

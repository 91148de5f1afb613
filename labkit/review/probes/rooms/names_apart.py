"""rooms/6: rooms with similar names."""

from labkit.evidence import CannotTell, Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.promise import DANGER
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    room, others = scene.room("name"), scene.similar_rooms("name")
    if not others:
        raise CannotTell("needs a room with a similar name, and the dialect lists no other room")
    receivers = {other: await scene.enter(other) for other in others}
    sender = await scene.enter(room)
    sender.chat(room, "for this name only")
    await sender.receive("chat")
    for other, peer in receivers.items():
        if any(one.get("type") == "chat" for one in await peer.received_so_far()):
            return broken(f"a chat message in {room} reached {other}")
    return held(f"none of {len(others)} similar rooms received it")


PROBE = Probe(
    id="rooms/6",
    title="Rooms with similar names are different rooms",
    severity="P0",
    profile="core",
    promise=DANGER,
    cause="membership is not checked for every message",
    requirement="A room is identified by its whole roomId; case matters.",
    expected="no similar room receives the chat message",
    fix="Compare whole room names: no prefixes, no patterns, no case folding.",
    missing_test="Join room:a, ROOM:A and room:ab, chat in the first; expect no event in the others.",
    run=_run,
)

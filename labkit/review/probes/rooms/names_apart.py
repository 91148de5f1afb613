"""rooms/6: rooms whose names look alike."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room("name")
    others = [room.upper(), room + "x", room[:-1], room + ":", room.replace(":name", "_name")]
    listeners = {other: await scene.enter(other) for other in others}
    speaker = await scene.enter(room)
    speaker.chat(room, "for this name only")
    await speaker.hear("chat")
    for other, peer in listeners.items():
        if any(said.get("type") == "chat" for said in await peer.everything()):
            return broken(f"what was said in {room} is heard in {other}")
    return held(f"none of {len(others)} similar rooms heard it")


PROBE = Probe(
    id="rooms/6",
    title="Rooms with similar names are different rooms",
    severity="P0",
    profile="core",
    requirement="A room is named by its whole roomId, with its case.",
    expected="a chat is heard in none of the similar rooms",
    fix="Compare room names whole; no prefix, no pattern, no folding of case.",
    missing_test="Join room:a, ROOM:A and room:ab, chat in the first, and expect silence in the others.",
    run=_run,
)

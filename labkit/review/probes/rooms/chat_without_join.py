"""rooms/2: a chat to a room that was not joined."""

from labkit.review.finding import Seen
from labkit.review.judge import must_end, must_hear_only
from labkit.review.peer import Ended, Silent
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    member, stranger = await scene.enter(room), await scene.enter(scene.room("own"))
    stranger.chat(room, "from outside")
    seen = await must_end(scene, stranger, 1008)
    try:
        heard = await must_hear_only({"the member": member}, member, room, [])
    except (Ended, Silent):
        return seen
    return heard if heard.verdict == "broken" else seen


PROBE = Probe(
    id="rooms/2",
    title="Who has not joined a room cannot speak in it",
    severity="P0",
    profile="core",
    requirement="A chat to a room that the connection has not joined closes with 1008 and reaches nobody.",
    expected="close 1008, and the room hears nothing",
    fix="Check the membership of the sender on the server for every message; never trust roomId alone.",
    missing_test="Join one room, chat to another, and expect 1008 and silence there.",
    run=_run,
)

"""auth/2: a chat before auth."""

from labkit.review.finding import Seen
from labkit.review.judge import must_end, must_hear_only
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    member = await scene.enter(room)
    stranger = await scene.connect()
    stranger.chat(room, "from a stranger")
    seen = await must_end(scene, stranger, 4403)
    return seen if seen.verdict == "broken" else await must_hear_only({"the member": member}, member, room, [])


PROBE = Probe(
    id="auth/2",
    title="A chat before auth reaches nobody",
    severity="P0",
    profile="core",
    requirement="Anything but auth before auth closes the connection with 4403 and has no effect.",
    expected="close 4403, and the room hears nothing",
    fix="Check for an authenticated user before the message is looked at, not in each branch.",
    missing_test="Let a member listen, send chat on a fresh connection, and expect 4403 and silence in the room.",
    run=_run,
)

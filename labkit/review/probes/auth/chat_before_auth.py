"""auth/2: a chat before auth."""

from labkit.review.finding import Outcome
from labkit.review.judge import must_end, must_receive_only
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    member = await scene.enter(room)
    stranger = await scene.connect()
    stranger.chat(room, "from a stranger")
    outcome = await must_end(scene, stranger, 4403)
    return outcome if outcome.verdict == "broken" else await must_receive_only({"the member": member}, member, room, [])


PROBE = Probe(
    id="auth/2",
    title="A chat before auth reaches nobody",
    severity="P0",
    profile="core",
    requirement="Before auth, any other message closes the connection with 4403 and has no effect.",
    expected="close 4403, and the room receives nothing",
    fix="Check for an authenticated user once, before any message is handled, not in each handler.",
    missing_test="With a member in the room, send chat on a fresh connection; expect 4403 and no event in the room.",
    run=_run,
)

"""rooms/16: what cannot be given any more."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    keeper = await scene.enter()
    keeper.say(type="join", roomId=room)
    epoch = (await keeper.hear("joined")).get("epoch")
    for since in ({"epoch": "another-life", "seq": 0}, {"epoch": epoch, "seq": 10**6}):
        peer = await scene.enter()
        peer.say(type="join", roomId=room, since=since)
        joined = await peer.hear("joined")
        if joined.get("gap") is not True:
            return broken(f"since {since}: gap {joined.get('gap')}")
    return held("gap true for another epoch, and for a seq that never was")


PROBE = Probe(
    id="rooms/16",
    title="A gap is told, never hidden",
    severity="P1",
    profile="full",
    requirement="gap: true when the missed events cannot all be given.",
    expected="gap true",
    fix="Compare the epoch, and answer gap: true when since lies outside the history.",
    missing_test="Join with an unknown epoch and expect gap: true.",
    run=_run,
)

"""rooms/16: events that are no longer available."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    keeper = await scene.enter()
    keeper.send(type="join", roomId=room)
    epoch = (await keeper.receive("joined")).get("epoch")
    for since in ({"epoch": "another-epoch", "seq": 0}, {"epoch": epoch, "seq": 10**6}):
        peer = await scene.enter()
        peer.send(type="join", roomId=room, since=since)
        joined = await peer.receive("joined")
        if joined.get("gap") is not True:
            return broken(f"since {since}: gap {joined.get('gap')}")
    return held("gap true for another epoch and for a seq that does not exist")


PROBE = Probe(
    id="rooms/16",
    title="A gap is reported",
    severity="P1",
    profile="full",
    requirement="joined has gap: true if the server cannot send all missed events.",
    expected="gap true",
    fix="Compare the epoch, and answer gap: true when since is outside the history.",
    missing_test="Join with an unknown epoch and expect gap: true.",
    run=_run,
)

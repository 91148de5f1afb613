"""validation/9: request ids of all kinds."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    peer = await scene.enter(room)
    for given, wanted in (("short", "short"), ("y" * 150, "y" * 100)):
        peer.chat(room, "hello", requestId=given)
        got = (await peer.hear("chat")).get("requestId")
        if got != wanted:
            return broken(f"requestId of {len(given)} characters came back as {got!r:.40}")
    for odd in (1, None, ["x"], {"x": 1}):
        peer.chat(room, "hello", requestId=odd)
        got = (await peer.hear("chat")).get("requestId")
        if not isinstance(got, str) or not got:
            return broken(f"requestId {odd!r} came back as {got!r:.40}")
    return held("kept, cut to 100, or generated")


PROBE = Probe(
    id="validation/9",
    title="requestId is bounded, and always there",
    severity="P2",
    profile="core",
    requirement="requestId is a string of up to 100 characters: longer is cut, anything else gets a generated one.",
    expected="the same, cut to 100, or a generated one",
    fix="Cut strings to 100 characters and generate an id for everything else.",
    missing_test="Send requestIds of 150 characters, a number and none.",
    run=_run,
)

"""validation/9: requestIds of all kinds."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    peer = await scene.enter(room)
    for given, wanted in (("short", "short"), ("y" * 150, "y" * 100)):
        peer.chat(room, "hello", requestId=given)
        received = (await peer.receive("chat")).get("requestId")
        if received != wanted:
            return broken(f"requestId of {len(given)} characters came back as {received!r:.40}")
    for odd in (1, None, ["x"], {"x": 1}):
        peer.chat(room, "hello", requestId=odd)
        received = (await peer.receive("chat")).get("requestId")
        if not isinstance(received, str) or not received:
            return broken(f"requestId {odd!r} came back as {received!r:.40}")
    return held("each was kept, cut to 100 characters, or replaced")


PROBE = Probe(
    id="validation/9",
    title="A requestId is limited in length and always present",
    severity="P2",
    profile="core",
    requirement="requestId is a string of up to 100 characters: longer ones are cut, all else is replaced.",
    expected="the same requestId, cut to 100 characters, or a generated one",
    fix="Cut strings to 100 characters and generate an id for everything else.",
    missing_test="Send a requestId of 150 characters, a number, and none at all.",
    run=_run,
)

"""validation/8: messages at and over the size limit."""

from labkit.evidence import Outcome, broken, held
from labkit.review.judge import each_must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


def _ping_of(size: int, scene: Scene) -> str:
    bare = len(scene.encode(type="ping", pad=""))
    return scene.encode(type="ping", pad="x" * (size - bare))


async def _run(scene: Scene) -> Outcome:
    limit = int(scene.promised.max_message_bytes)
    peer = await scene.enter()
    peer.send_text(_ping_of(limit, scene))
    if (await peer.receive()).get("type") != "pong":
        return broken(f"a message of {limit} bytes was refused")
    outcome = await each_must_end(scene, (1008, 1009), [_ping_of(limit + 1, scene)])
    return outcome if outcome.verdict == "broken" else held(f"{limit} bytes are accepted; one more: {outcome.actual}")


PROBE = Probe(
    id="validation/8",
    title="The size of a message is limited",
    severity="P1",
    profile="core",
    requirement="A message is at most 8192 bytes; a larger one closes with 1008.",
    expected="8192 bytes are accepted, 8193 bytes close the connection",
    fix="Compare the number of bytes before you parse the text.",
    missing_test="Send messages of 8192 and 8193 bytes; expect only the first to be accepted.",
    run=_run,
)

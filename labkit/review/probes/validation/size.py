"""validation/8: messages at and over the limit."""

from labkit.review.finding import Seen, broken, held
from labkit.review.judge import each_must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


def _of(size: int, scene: Scene) -> str:
    bare = len(scene.words(type="ping", pad=""))
    return scene.words(type="ping", pad="x" * (size - bare))


async def _run(scene: Scene) -> Seen:
    most = int(scene.promised.max_message_bytes)
    peer = await scene.enter()
    peer.text(_of(most, scene))
    if (await peer.hear()).get("type") != "pong":
        return broken(f"a message of {most} bytes was not taken")
    seen = await each_must_end(scene, (1008, 1009), [_of(most + 1, scene)])
    return seen if seen.verdict == "broken" else held(f"{most} bytes pass; one more: {seen.actual}")


PROBE = Probe(
    id="validation/8",
    title="A message has a largest size",
    severity="P1",
    profile="core",
    requirement="A message is at most 8192 bytes; a larger one closes with 1008.",
    expected="8192 bytes pass, 8193 close",
    fix="Compare the number of bytes before the text is parsed.",
    missing_test="Send messages of 8192 and 8193 bytes; only the first may pass.",
    run=_run,
)

"""validation/1: text that is not JSON."""

from labkit.review.finding import Seen
from labkit.review.judge import each_must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    ping = scene.words(type="ping")
    nearly = (ping.replace('"', "'"), f"{ping} x", f"{ping[:-1]},}}", f"\ufeff{ping}")
    return await each_must_end(scene, (1008,), ("", "{", "nonsense", *nearly, "\0"))


PROBE = Probe(
    id="validation/1",
    title="What is not JSON is refused",
    severity="P1",
    profile="core",
    requirement="Invalid messages close with 1008; JSON is read as a browser reads it.",
    expected="close 1008 for each",
    fix="Catch the error of the parser and close with 1008.",
    missing_test="Send half an object, single quotes, a BOM and an empty text; expect 1008.",
    run=_run,
)

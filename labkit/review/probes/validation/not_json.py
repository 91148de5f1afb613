"""validation/1: text that is not JSON."""

from labkit.review.finding import Outcome
from labkit.review.judge import each_must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    ping = scene.encode(type="ping")
    nearly = (ping.replace('"', "'"), f"{ping} x", f"{ping[:-1]},}}", f"\ufeff{ping}")
    return await each_must_end(scene, (1008,), ("", "{", "nonsense", *nearly, "\0"))


PROBE = Probe(
    id="validation/1",
    title="Text that is not JSON is refused",
    severity="P1",
    profile="core",
    requirement="Invalid JSON closes the connection with 1008; JSON is parsed as in a browser.",
    expected="close 1008 for each message",
    fix="Catch the parser's error and close with 1008.",
    missing_test="Send half an object, single quotes, a BOM and an empty message; expect 1008.",
    run=_run,
)

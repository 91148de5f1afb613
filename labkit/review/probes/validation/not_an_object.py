"""validation/2: JSON that is not an object."""

from labkit.review.finding import Outcome
from labkit.review.judge import each_must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    ping = scene.encode(type="ping")
    return await each_must_end(scene, (1008,), ("null", "[]", f"[{ping}]", "1", "true", '"ping"'))


PROBE = Probe(
    id="validation/2",
    title="JSON that is not an object is refused",
    severity="P1",
    profile="core",
    requirement="A message is a JSON object; anything else closes the connection with 1008.",
    expected="close 1008 for each message",
    fix="Check that the value is an object, not an array or null, before you read its fields.",
    missing_test="Send null, a list, a number and a string; expect 1008.",
    run=_run,
)

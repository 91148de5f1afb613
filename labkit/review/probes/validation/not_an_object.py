"""validation/2: JSON that is no object."""

from labkit.review.finding import Seen
from labkit.review.judge import each_must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    ping = scene.words(type="ping")
    return await each_must_end(scene, (1008,), ("null", "[]", f"[{ping}]", "1", "true", '"ping"'))


PROBE = Probe(
    id="validation/2",
    title="JSON that is no object is refused",
    severity="P1",
    profile="core",
    requirement="A message is a JSON object; arrays and null are refused with 1008.",
    expected="close 1008 for each",
    fix="Check that the value is an object, and no array and not null, before its fields are read.",
    missing_test="Send null, a list, a number and a string; expect 1008.",
    run=_run,
)

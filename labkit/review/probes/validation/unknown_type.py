"""validation/3: types that are none."""

from labkit.review.finding import Seen
from labkit.review.judge import each_must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene

TYPES = (None, 1, ["ping"], "nothing", "PING", "__proto__", "constructor")


async def _run(scene: Scene) -> Seen:
    texts = ["{}", *(scene.words(type=kind) for kind in TYPES)]
    return await each_must_end(scene, (1008,), texts)


PROBE = Probe(
    id="validation/3",
    title="An unknown type is refused",
    severity="P1",
    profile="core",
    requirement="Unknown types and wrong types close with 1008.",
    expected="close 1008 for each",
    fix="Look the type up in a closed list, and refuse what is not in it.",
    missing_test="Send a message without a type, with a number as type, and with an unknown one; expect 1008.",
    run=_run,
)

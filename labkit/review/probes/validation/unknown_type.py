"""validation/3: unknown types and types that are not strings."""

from labkit.review.finding import Outcome
from labkit.review.judge import each_must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene

TYPES = (None, 1, ["ping"], "nothing", "PING", "__proto__", "constructor")


async def _run(scene: Scene) -> Outcome:
    texts = ["{}", *(scene.encode(type=kind) for kind in TYPES)]
    return await each_must_end(scene, (1008,), texts)


PROBE = Probe(
    id="validation/3",
    title="An unknown type is refused",
    severity="P1",
    profile="core",
    requirement="A type that is unknown or not a string closes the connection with 1008.",
    expected="close 1008 for each message",
    fix="Look up the type in a fixed list, and refuse everything else.",
    missing_test="Send a message without a type, with a number as its type, and with an unknown type; expect 1008.",
    run=_run,
)

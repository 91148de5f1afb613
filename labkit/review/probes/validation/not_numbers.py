"""validation/10: numbers that JSON does not have."""

from labkit.review.finding import Seen
from labkit.review.judge import each_must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene

NUMBERS = ("NaN", "Infinity", "-Infinity", "01", "1.", "+1", "0x1")


async def _run(scene: Scene) -> Seen:
    ping = scene.words(type="ping", n="number")
    return await each_must_end(scene, (1008,), [ping.replace('"number"', number) for number in NUMBERS])


PROBE = Probe(
    id="validation/10",
    title="NaN is no JSON",
    severity="P2",
    profile="core",
    requirement="JSON is read as JavaScript's JSON.parse reads it: NaN and its kin are refused.",
    expected="close 1008 for each",
    fix="Use a strict parser; Python's json takes NaN unless told otherwise.",
    missing_test="Send NaN, Infinity and 01 as numbers; expect 1008.",
    run=_run,
)

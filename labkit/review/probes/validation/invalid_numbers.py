"""validation/10: numbers that are not valid JSON."""

from labkit.review.finding import Outcome
from labkit.review.judge import each_must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene

NUMBERS = ("NaN", "Infinity", "-Infinity", "01", "1.", "+1", "0x1")


async def _run(scene: Scene) -> Outcome:
    ping = scene.encode(type="ping", n="number")
    return await each_must_end(scene, (1008,), [ping.replace('"number"', number) for number in NUMBERS])


PROBE = Probe(
    id="validation/10",
    title="NaN is not valid JSON",
    severity="P2",
    profile="core",
    requirement="JSON is parsed like JavaScript's JSON.parse, which refuses NaN and Infinity.",
    expected="close 1008 for each message",
    fix="Use a strict parser; Python's json accepts NaN by default.",
    missing_test="Send NaN, Infinity and 01 as numbers; expect 1008.",
    run=_run,
)

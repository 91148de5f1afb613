"""validation/4: names that are no rooms."""

from labkit.review.finding import Seen
from labkit.review.judge import each_must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene

NAMES = ("", "a" * 65, "a b", "\u00fc", "a\n", "\na", "../a", "a/b", "a.b", "\u0661", ["a"], 1, None, {"a": 1}, True)


async def _run(scene: Scene) -> Seen:
    texts = [scene.words(type="join", roomId=name) for name in NAMES]
    return await each_must_end(scene, (1008,), [*texts, scene.words(type="join")])


PROBE = Probe(
    id="validation/4",
    title="A roomId is matched whole, and is a string",
    severity="P0",
    profile="core",
    requirement="roomId matches [a-zA-Z0-9:_-]{1,64} whole; a final newline does not pass.",
    expected="close 1008 for each",
    fix="Check the type first, then match the whole text; in Python with fullmatch, as $ takes a final newline.",
    missing_test="Join with a final newline, 65 characters, a list, and an umlaut; expect 1008.",
    run=_run,
)

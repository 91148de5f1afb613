"""validation/4: invalid room names."""

from labkit.evidence import Outcome
from labkit.review.judge import each_must_end
from labkit.review.probe import Probe
from labkit.review.scene import Scene

NAMES = ("", "a" * 65, "a b", "\u00fc", "a\n", "\na", "../a", "a/b", "a.b", "\u0661", ["a"], 1, None, {"a": 1}, True)


async def _run(scene: Scene) -> Outcome:
    texts = [scene.encode(type="join", roomId=name) for name in NAMES]
    return await each_must_end(scene, (1008,), [*texts, scene.encode(type="join")])


PROBE = Probe(
    id="validation/4",
    title="A roomId is a string that matches the pattern completely",
    severity="P0",
    profile="core",
    requirement="The whole roomId matches [a-zA-Z0-9:_-]{1,64}; a final newline is invalid.",
    expected="close 1008 for each message",
    fix="Check the type first, then match the whole text; in Python use fullmatch, as $ allows a final newline.",
    missing_test="Join with a final newline, 65 characters, a list and an umlaut; expect 1008.",
    run=_run,
)
